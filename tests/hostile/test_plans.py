"""Plan documents under attack: one Chinese sentence each, never a traceback."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from raw.errors import Limits
from raw.plans.build import read_plan
from raw.plans.model import PlanError
from tests.factories.hostile import CASES, LAUGHS
from tests.fuzz.inputs import PLAN, pack, plan_documents, unpack
from tests.fuzz.targets import CHINESE, CONTROL

GOOD = unpack(plan_documents()[0][1])
DOCUMENT = GOOD["word/document.xml"]


def refusal(path: Path, body: bytes, limits: Limits | None = None) -> str:
    path.write_bytes(body)
    with pytest.raises(PlanError) as caught:
        read_plan(path, limits=limits)
    message = str(caught.value)
    assert CHINESE.search(message) and not CONTROL.search(message)
    return message


def test_the_document_itself_is_read(tmp_path):
    (tmp_path / "a.docx").write_bytes(pack(GOOD))
    assert read_plan(tmp_path / "a.docx").tasks


@pytest.mark.parametrize(
    "part, content",
    [
        ("word/document.xml", DOCUMENT[: len(DOCUMENT) // 2]),
        ("word/document.xml", b""),
        ("word/document.xml", b"<a/>"),
        ("word/styles.xml", b"<a"),
        ("[Content_Types].xml", b"<Types/>"),
        ("word/_rels/document.xml.rels", b"\xff"),
        ("word/numbering.xml", b'<w:numbering xmlns:w="x"><w:lvl'),
    ],
)
def test_a_damaged_part(tmp_path, part, content):
    assert "不是能打开的" in refusal(tmp_path / "a.docx", pack(GOOD | {part: content}))


def test_entities(tmp_path):
    for part in ("word/document.xml", "word/styles.xml"):
        start, _, rest = GOOD[part].partition(b"?>")
        bomb = start + f"?><!DOCTYPE x [{LAUGHS}]>".encode() + rest.replace("某市".encode(), b"&l9;")
        assert "实体" in refusal(tmp_path / "a.docx", pack(GOOD | {part: bomb}))


def test_bombs_and_lies_about_sizes(tmp_path):
    big = pack(GOOD | {"word/media/a.bin": b"\0" * 3_000_000})
    assert "解压" in refusal(tmp_path / "a.docx", big, Limits(unpacked_bytes=2_000_000))
    for name in ("zip_claims_less", "zip_overlapping", "far_cell"):
        started = time.process_time()
        CASES[name].write(tmp_path / "b.docx")
        refusal(tmp_path / "b.docx", (tmp_path / "b.docx").read_bytes())
        assert time.process_time() - started < 5


def test_controls_in_a_text(tmp_path):
    (tmp_path / "a.txt").write_text(PLAN.replace("压缩", "\x1b[31m压\u202e缩\x00", 1), encoding="utf-8")
    plan = read_plan(tmp_path / "a.txt")
    assert plan.tasks and not [task.title for task in plan.tasks if CONTROL.search(task.title)]
