"""Proposals are worked out from the rows a broken rule can reach; they are the same as from all rows."""

from __future__ import annotations

import importlib.util
from itertools import pairwise

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.settings import REPOSITORY

MODEL = REPOSITORY / "dbt_project" / "models" / "quality" / "correction_proposals.py"
NUMBERS = st.sampled_from([0.0, 1.0, 2.0, 3.0, 10.0, 12.5])


@pytest.fixture(scope="module")
def model():
    spec = importlib.util.spec_from_file_location("correction_proposals", MODEL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FIELDS = ("value", "numerator", "denominator")
RATIO = (("value", 1.0), ("numerator", 100.0), ("denominator", 1.0))


def _cell(row, field, value):
    return {
        "programme_id": "p", "period": "2024Q1", "reporter_id": row, "indicator_id": "i", "field": field, "value": value,
        "low": 0.0, "high": None, "decimals": 1, "is_count": False, "weight": 1.0, "warning_rules": None,
    }  # fmt: skip


def _edit(name, kind, tolerance, *parts):
    return [
        {
            "programme_id": "p", "edit_id": name, "rule_id": name[0], "kind": kind, "period": "2024Q1",
            "head_reporter_id": row, "head_indicator_id": "i", "term_no": number, "cell_period": "2024Q1",
            "reporter_id": row, "indicator_id": "i", "field": field, "coefficient": coefficient, "constant": 0.0,
            "tolerance": tolerance,
        }
        for number, (row, field, coefficient) in enumerate(parts, 1)
    ]  # fmt: skip


@st.composite
def warehouses(draw):
    """Rows of value, numerator and denominator and the edits on them; sums over rows join one to the next."""
    cells, terms = [], []
    rows = [f"r{number}" for number in range(draw(st.integers(1, 6)))]
    for row in rows:
        above, below = draw(NUMBERS), draw(NUMBERS)
        exact = round(100 * above / below, 1) if below else 0.0
        # one tenth off is the tolerance itself
        value = draw(st.sampled_from([exact, exact, exact + 0.1, exact + 4]))
        cells += [_cell(row, *part) for part in zip(FIELDS, (value, above, below), strict=True)]
        terms += _edit(f"R{row}", "ratio", 0.1, *((row, *part) for part in RATIO))
        terms += _edit(f"P{row}", "le", 0.0, (row, "numerator", 1.0), (row, "denominator", -1.0))
    for before, row in pairwise(rows[1:]):
        if draw(st.booleans()):
            parts = (rows[0], "value", 1.0), (before, "value", -1.0), (row, "value", -1.0)
            terms += _edit(f"S{row}", "eq", 0.5, *parts)
    return terms, cells


def _tables(case) -> tuple[pa.Table, pa.Table]:
    terms, cells = (pa.Table.from_pylist(table) for table in case)
    cells = cells.set_column(7, "high", cells["high"].cast(pa.float64()))
    return terms, cells.set_column(11, "warning_rules", cells["warning_rules"].cast(pa.string()))


@given(warehouses())
@settings(max_examples=50, deadline=None)
def test_whatever_a_broken_rule_can_reach_is_read(model, case):
    """Every edit the engine finds broken is suspected, and with it come exactly the edits joined to it by cells."""
    terms, cells = _tables(case)
    with duckdb.connect() as connection:
        all_terms, all_cells = connection.from_arrow(terms), connection.from_arrow(cells)
        suspected = model.suspects(all_terms, all_cells)
        read = set(model.linked(all_terms, suspected, connection)["edit_id"].to_pylist())
    numbered, sorted_cells = model.numbered(pl.from_arrow(terms), pl.from_arrow(cells))
    ids = dict(numbered.select("edit", "edit_id").iter_rows())
    broken = {ids[edit] for edit in model.system_of(numbered, sorted_cells).failing().tolist()}
    reached = set(suspected["edit_id"].to_pylist())
    assert broken <= reached
    cells_of = {name: set() for name in ids.values()}
    for line in case[0]:
        cells_of[line["edit_id"]].add((line["reporter_id"], line["field"]))
    for _ in cells_of:
        touched = set().union(*(cells_of[name] for name in reached))
        reached |= {name for name, looked_at in cells_of.items() if looked_at & touched}
    assert read == reached


def test_proposals_from_what_is_read_are_those_from_everything(model):
    """A rate that does not fit its parts, in a sum with two others; the fourth row is nobody's business."""
    lines = {
        "r0": (90.0, 9.0, 10.0),
        "r1": (40.0, 4.0, 10.0),
        "r2": (55.0, 5.0, 10.0),
        "r3": (20.0, 2.0, 10.0),
    }
    cells = [
        _cell(row, field, value)
        for row, line in lines.items()
        for field, value in zip(FIELDS, line, strict=True)
    ]
    terms = [
        term for row in lines for term in _edit(f"R{row}", "ratio", 0.1, *((row, *part) for part in RATIO))
    ]
    terms += _edit("S", "eq", 0.5, ("r0", "value", 1.0), ("r1", "value", -1.0), ("r2", "value", -1.0))
    all_terms, all_cells = _tables((terms, cells))
    names = {"reporters": {}, "indicators": {}}
    with duckdb.connect() as connection:
        relation = connection.from_arrow(all_terms)
        own = model.linked(relation, model.suspects(relation, connection.from_arrow(all_cells)), connection)
    assert {line["reporter_id"] for line in own.to_pylist()} == {"r0", "r1", "r2"}
    few = all_cells.filter(pc.field("reporter_id") != "r3")
    found = model.proposals(own, few, names, lambda involved: {})
    assert found == model.proposals(all_terms, all_cells, names, lambda involved: {})
    assert [(row["reporter_id"], row["field"], row["proposed_value"]) for row in found] == [
        ("r2", "value", 50.0)
    ]
