"""Names and kinds of files a clerk may hand over: received under a name the scan accepts, or refused with a reason."""

from __future__ import annotations

import os
from datetime import datetime

import pytest

from orchestration.receive import receive
from raw.periods import Period
from raw.registry import read_programme
from raw.tree import scan
from tests.factories.trees import make_registry

BODY = "任务编号,状态\nt01,推进中\n".encode()


@pytest.mark.parametrize(
    "name",
    [
        "长" * 83,  # 253 bytes with its suffix: longer once the kind stands before it
        "progress_" + "长" * 80,
        "进展\n表",
        "a\x1b]0;x\x07\x1b[2J",
        "fdp.\u202evsc",
        "\u2066\u200f\x7f\x85",
        "\udcba\udcc3",
        "a\\..\\..\\b",
        "..",
        " ",
        "=cmd|'x'!A0",
    ],
)
def test_a_file_of_any_name_is_received_under_one_that_can_be_read(tmp_path, name):
    make_registry(tmp_path / "raw")
    programme = read_programme(tmp_path / "raw", "p2021")
    source = tmp_path / "inbox" / f"{name}.csv"
    source.parent.mkdir()
    source.write_bytes(BODY)
    for expected in (False, True):  # the second time it is there already
        received = receive(
            tmp_path / "raw",
            source,
            programme,
            "410001",
            "progress",
            Period(2021, 1),
            datetime(2021, 3, 25, 10),
        )
        assert received.already == expected
    (receipt,) = scan(tmp_path / "raw")
    assert (receipt.file.path, receipt.problem, receipt.registered) == (received.path, None, True)
    assert len(os.fsencode(receipt.file.absolute.name)) < 255 and receipt.file.absolute.read_bytes() == BODY
