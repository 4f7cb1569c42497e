"""The short form of the fuzzer: the same inputs on every run. ``make torture`` runs the long one."""

from __future__ import annotations

import ast
import json
import os
from dataclasses import replace
from datetime import date

import pytest

from raw.deadlines import parse_deadline
from tests.fuzz import campaign
from tests.fuzz.campaign import Round
from tests.fuzz.targets import TARGETS, Broken

# inputs per target; a workbook takes 20 ms, a word 0.1 ms
EXAMPLES = int(os.environ.get("TAIZHANG_FUZZ_EXAMPLES", "0"))
_SLOW = {"xlsx": 10, "xlsx_parts": 10, "plan_docx": 10, "plan_txt": 12, "parquet": 15, "registry": 12}


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_breaks_an_invariant(name):
    found = Round(TARGETS[name])
    found.search(EXAMPLES or _SLOW.get(name, 25))
    assert found.counts.total() >= 10


def test_a_broken_invariant_is_found_shrunk_and_kept(tmp_path, capsys):
    def check(text: str) -> str:
        if parse_deadline(text, date(2021, 1, 1)).kind == "recurring":
            raise Broken("for the test")
        return "fine"

    broken = replace(TARGETS["deadlines"], check=check)
    assert campaign._one(broken, 0.1, 1, tmp_path) == 1
    (kept,) = tmp_path.glob("deadlines-Broken-*.bin")
    assert (
        len(ast.literal_eval(kept.read_text(encoding="utf-8"))) <= 4
    )  # 每月, or 按年: nothing shorter recurs
    line = json.loads(capsys.readouterr().out)
    assert sum(line["failures"].values()) >= 1 and "Broken" in next(tmp_path.glob("*.txt")).read_text("utf-8")


def test_an_input_that_takes_too_long_is_a_failure(monkeypatch):
    monkeypatch.setattr(campaign, "SECONDS_OF_ONE", 1)

    def endless(_) -> str:
        while True:
            pass

    with pytest.raises(Broken, match="took longer"):
        Round(replace(TARGETS["units"], check=endless)).judge("x")
