"""A raw tree full of mistakes beside its clean twin, and what must be found in it.

Belongs here: ``build`` and writing a programme under construction. What a programme says without mistakes stands in
``defects_clean``, the mistakes in ``defects_planted`` (submissions) and ``defects_registry`` (registries, rankings), bytes and
places in ``defects_files``. Does not belong here: reading a warehouse (``tests/integration/test_defects.py``).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tests.factories.defects_clean import Book, main
from tests.factories.defects_files import Expectation
from tests.factories.defects_planted import Planter, plant
from tests.factories.defects_registry import (
    BAD_VALUES,
    CONFIRMATIONS,
    REMOVED,
    amend,
    book,
    clean_lists,
    confirm,
    lists,
    spoil,
    spoil_lists,
)
from tests.factories.trees import write_receipts, write_registry_table

CLEAN = ("main_ok", "book_ok", "lists_ok")
DIRTY = ("main_bad", "book_bad", "lists_bad")


@dataclass
class Defects:
    """A written tree: what must be found in its dirty programmes, and the change that comes after a first landing of
    programme ``book_bad`` (H07–H09 compare with what was landed first).
    """

    root: Path
    expectations: list[Expectation]
    change_registry: Callable[[], None]


def build(root: Path) -> Defects:
    """Write the three clean programmes and their dirty twins (the same ones, then spoilt) to ``root``."""
    planters = [
        Planter(main("main_bad")),
        Planter(book("book_bad")),
        Planter(lists("lists_bad", "r", BAD_VALUES)),
    ]
    of_main, of_book, of_lists = planters
    plant(of_main)
    spoil(of_book)
    spoil_lists(of_lists)
    confirmations = confirm(of_lists)
    # a task that will be gone is not reported: its rows would be unknown codes then
    for file in of_book.book.files:
        if file.kind == "progress":
            for task in REMOVED:
                file.drop(task)
    books = [main("main_ok"), book("book_ok"), clean_lists("lists_ok"), *(p.book for p in planters)]
    for one in books:
        write_book(root, one)
    write_receipts(
        root, [(f.path, f.received_at, "测试") for one in books for f in one.files if f.registered]
    )
    (root / "confirmations.csv").write_text(confirmations, encoding="utf-8")
    settled = [planned.settle() for planner in (of_main, of_lists) for planned in planner.planned]

    def change_registry() -> None:
        amend(of_book)
        write_registry(root, of_book.book)
        made.expectations += [planned.settle() for planned in of_book.planned]

    made = Defects(root, [_confirmed(expectation) for expectation in settled], change_registry)
    return made


def _confirmed(expectation: Expectation) -> Expectation:
    """The expectation, marked where a line of confirmations.csv lifts it."""
    place = (expectation.rule_id, expectation.reporter_id, expectation.entity_id, expectation.period)
    lifted = {(c[0].upper(), c[1], c[2], c[3].upper()) for c in CONFIRMATIONS if c[6] is None}
    return replace(expectation, confirmed=place in lifted)


def write_book(root: Path, one: Book) -> None:
    """Registry and submissions of one programme."""
    write_registry(root, one)
    for file in one.files:
        file.write(root)
        if file.modified_at is not None:
            moment = file.modified_at.timestamp()
            os.utime(root / file.path, (moment, moment))


def write_registry(root: Path, one: Book) -> None:
    """The registry folder of one programme."""
    folder = root / "registry" / one.programme
    for table, rows in one.tables.items():
        write_registry_table(folder, table, rows)
    for name, content in one.raw_tables.items():
        (folder / name).write_bytes(content)
    (folder / "programme.toml").write_bytes(
        f'id = "{one.programme}"\ntitle = "某市优化营商环境方案"\nissuer = "某市营商办"\n'
        f"start_date = {one.start.isoformat()}\nend_date = {one.end.isoformat()}\nreport_day = 28\nfreeze_days = 12\n"
        f"{one.settings}\n".encode()
    )
