"""Which cells to look at first where rules contradict each other: proposals, nothing is changed.

Belongs here: tables of edits and cells → arrays, and problems → rows with Chinese text. Does not belong here: which edits there are
(``int_edit_terms``, ``int_edit_cells``), the optimisation (``quality.localisation``, an ordinary module of the installed
package; dbt runs this file in the same virtual environment).
"""

import hashlib
import math

TYPES = {
    "programme_id": "string",
    "period": "string",
    "reporter_id": "string",
    "proposal_id": "string",
    "alternative": "int32",
    "alternatives": "int32",
    "confidence": "string",
    "indicator_id": "string",
    "field": "string",
    "path": "string",
    "sheet": "string",
    "row_number": "int64",
    "column_name": "string",
    "reported_value": "float64",
    "proposed_value": "float64",
    "rules": "string",
    "cells_in_set": "int32",
    "message": "string",
}
FIELDS = {"value": "指标值", "numerator": "分子", "denominator": "分母"}
SLIPS = {
    "sign": "正负号写反",
    "shift": "小数点或数量级错位",
    "swap": "相邻两位数字颠倒",
    "digit": "一位数字写错",
    "missing": "漏写一位数字",
    "extra": "多写一位数字",
}
NUMERALS = "零一二三四五六七八九十"
LISTED = 6  # alternatives a message spells out
ONLY_A_PROPOSAL = "仅为建议，未改动任何数据，请核对原始凭证后由填报单位更正"


def number(value):
    """At most six decimals, no trailing zeros."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def cell_name(cell, names, alone):
    """The cell in a sentence; ``alone``: the sentence already says reporter, period and indicator."""
    field = FIELDS[cell["field"]]
    if alone:
        return field
    reporter = names["reporters"].get((cell["programme_id"], cell["reporter_id"]), cell["reporter_id"])
    return f"{reporter} {cell['period']} {indicator_name(cell, names)}的{field}"


def indicator_name(cell, names):
    """“name” of the cell's indicator."""
    name = names["indicators"].get((cell["programme_id"], cell["indicator_id"]), cell["indicator_id"])
    return f"“{name}”"


def change(cell, value, names, alone, slip):
    """What to do at one cell: 分子 120 改为 81."""
    name, reported = cell_name(cell, names, alone), number(cell["value"])
    if math.isnan(value):
        return f"{name} {reported} 清空" if cell["field"] == "value" else f"{name} {reported} 据实补填"
    kind = slip(cell["value"], value)
    return f"{name} {reported} 改为 {number(value)}" + (f"（疑为{SLIPS[kind]}）" if kind else "")


def choice(count):
    """三选一, 12 选一."""
    return f"{NUMERALS[count]}选一" if count < len(NUMERALS) else f"{count} 选一"


def message(problem, found, cells, head, rules, names, slip):
    """The whole text of a proposal; ``found``: its alternatives, ``cells``: number → cell, ``head``: the cell the rules speak of."""
    involved = {
        (c["reporter_id"], c["period"], c["indicator_id"])
        for c in [head, *(cells[n] for f in problem.alternatives for n, _ in f)]
    }
    alone = len(involved) == 1
    reporter = names["reporters"].get((head["programme_id"], head["reporter_id"]), head["reporter_id"])
    start = f"{reporter} {head['period']} {indicator_name(head, names)}：{rules} "
    start += "互相矛盾" if len(problem.failing) > 1 else "不成立"
    if problem.status == "infeasible":
        return f"{start}，在允许范围内没有能使各条规则同时成立的改法，请全部核对；{ONLY_A_PROPOSAL}"
    if problem.status != "solved":
        reason = (
            f"牵涉 {problem.cells} 个单元格，超过计算上限"
            if problem.status == "too_large"
            else "超过计算步数上限"
        )
        return f"{start}，{reason}，未能给出改法，请人工核对；{ONLY_A_PROPOSAL}"
    size = len(problem.alternatives[0])
    if problem.more:
        count = len(problem.alternatives)
        return (
            f"{start}，至少须改 {size} 个单元格，同样简单的改法有 {count} 种以上，无法判断是哪一个，请结合各单元格的原始凭证核对；"
            f"{ONLY_A_PROPOSAL}"
        )
    texts = ["、".join(change(cells[n], v, names, alone, slip) for n, v in f) for f in found]
    doubts = sorted({cells[n]["warning_rules"] for f in found for n, _ in f if cells[n]["warning_rules"]})
    because = f"（该处另有 {'、'.join(doubts)} 提示，优先怀疑）" if doubts else ""
    if len(texts) == 1:
        what = f"改动最少的做法是只改 {size} 个单元格：{texts[0]}{because}，改后各条规则都成立"
    else:
        which = f"无法判断是哪一{'个' if size == 1 else '组'}，{choice(len(texts))}"
        listed = "；".join(f"（{n}）{text}" for n, text in enumerate(texts[:LISTED], 1))
        rest = f"；等 {len(texts)} 种" if len(texts) > LISTED else ""
        what = f"改动最少的做法是改 {size} 个单元格，{which}：{listed}{rest}{because}"
    return f"{start}，{what}；{ONLY_A_PROPOSAL}"


def system_of(terms, cells):
    """Polars frames of edits' terms (with ``edit``, ``cell`` numbers) and cells → the engine's arrays."""
    import numpy as np

    from quality import localisation as engine

    edits = terms.unique("edit", keep="first", maintain_order=True).sort("edit")
    kinds = {"eq": engine.EQUAL, "le": engine.AT_MOST, "ratio": engine.RATIO}
    roles = {"value": engine.RATE, "numerator": engine.NUMERATOR, "denominator": engine.DENOMINATOR}
    role = [
        roles[field] if kind == "ratio" else engine.LINEAR
        for kind, field in zip(terms["kind"], terms["field"], strict=True)
    ]
    return engine.System(
        value=cells["value"].to_numpy(),
        low=cells["low"].fill_null(-np.inf).to_numpy(),
        high=cells["high"].fill_null(np.inf).to_numpy(),
        weight=cells["weight"].to_numpy(),
        decimals=cells["decimals"].fill_null(-1).to_numpy(),
        whole=cells["is_count"].fill_null(False).to_numpy(),
        kind=[kinds[kind] for kind in edits["kind"]],
        constant=edits["constant"].to_numpy(),
        tolerance=edits["tolerance"].to_numpy(),
        edit=terms["edit"].to_numpy(),
        cell=terms["cell"].to_numpy(),
        coefficient=terms["coefficient"].to_numpy(),
        role=role,
    )


def numbered(terms, cells):
    """Frames with numbers for edits and cells, in the order of their keys; cells nobody looks at are left out."""
    import polars as pl

    key = ["programme_id", "period", "reporter_id", "indicator_id", "field"]
    at = ["programme_id", "cell_period", "reporter_id", "indicator_id", "field"]
    used = terms.select(at).unique().rename({"cell_period": "period"})
    cells = cells.join(used, on=key, how="semi")
    cells = cells.with_columns(
        pl.col("field").replace_strict(dict(zip(FIELDS, range(3), strict=True))).alias("field_no")
    )
    cells = cells.sort([*key[:-1], "field_no"]).with_row_index("cell")
    terms = terms.join(cells.select([*key, "cell"]), left_on=at, right_on=key, how="left")
    if terms["cell"].null_count():
        raise ValueError("an edit looks at a cell that is not among int_edit_cells")
    edits = terms.select(["programme_id", "edit_id"]).unique().sort(["programme_id", "edit_id"])
    terms = terms.join(edits.with_row_index("edit"), on=["programme_id", "edit_id"], how="left")
    return terms.sort(["edit", "term_no"]).with_columns(
        pl.col("cell").cast(int), pl.col("edit").cast(int)
    ), cells


def rows_of(problem, heads, cells, places, names, slip):
    """The rows of one problem. ``heads``: edit number → (programme, edit_id, rule_id, head cell)."""
    programme = heads[problem.failing[0]][0]
    keys = sorted(heads[edit][1] for edit in problem.failing)
    rules = "、".join(sorted({heads[edit][2] for edit in problem.failing}))
    head = heads[problem.failing[0]][3]
    identity = hashlib.sha256("\x1f".join([programme, *keys]).encode()).hexdigest()[:16]
    found = problem.alternatives
    listed = problem.status == "solved" and not problem.more
    if problem.status != "solved":
        confidence = "not_solved"
    else:
        confidence = "unique" if listed and len(found) == 1 else "ambiguous"
    text = message(problem, found, cells, head, rules, names, slip)

    def row(cell, alternative, value, size):
        key = (cell["programme_id"], cell["period"], cell["reporter_id"], cell["indicator_id"], cell["field"])
        path, sheet, row_number, column_name = places.get(key, (None, None, None, None))
        return {
            "programme_id": programme,
            "period": cell["period"],
            "reporter_id": cell["reporter_id"],
            "proposal_id": identity,
            "alternative": alternative,
            "alternatives": len(found),
            "confidence": confidence,
            "indicator_id": cell["indicator_id"],
            "field": cell["field"],
            "path": path,
            "sheet": sheet,
            "row_number": row_number,
            "column_name": column_name,
            "reported_value": cell["value"],
            "proposed_value": None if value is None or math.isnan(value) else value,
            "rules": rules,
            "cells_in_set": size,
            "message": text,
        }

    if not listed:
        return [row(head, None, None, len(found[0]) if found else None)]
    return [
        row(cells[n], alternative, value, len(one))
        for alternative, one in enumerate(found, 1)
        for n, value in one
    ]


def model(dbt, session):
    """One row per cell of every alternative, or one row where no alternative can be listed."""
    import pyarrow as pa

    from quality.localisation import localise, slip

    dbt.config(materialized="table")
    terms, cells = numbered(dbt.ref("int_edit_terms").pl(), dbt.ref("int_edit_cells").pl())
    schema = pa.schema([(name, getattr(pa, kind)()) for name, kind in TYPES.items()])
    problems = localise(system_of(terms, cells)) if terms.height else []

    wanted = sorted({edit for problem in problems for edit in problem.failing})
    first = terms.filter(terms["edit"].is_in(wanted)).unique("edit", keep="first", maintain_order=True)
    numbers = {n for problem in problems for one in problem.alternatives for n, _ in one} | set(first["cell"])
    involved = cells.filter(cells["cell"].is_in(sorted(numbers)))
    by_number = {row["cell"]: row for row in involved.to_dicts()}
    heads = {
        row["edit"]: (row["programme_id"], row["edit_id"], row["rule_id"], by_number[row["cell"]])
        for row in first.to_dicts()
    }
    names = {
        "reporters": {
            (p, r): n
            for p, r, n in dbt.ref("stg_reporters").project("programme_id, reporter_id, name").fetchall()
        },
        "indicators": {
            (p, i): n
            for p, i, n in dbt.ref("stg_indicators").project("programme_id, indicator_id, name").fetchall()
        },
    }
    places = places_of(dbt.ref("int_indicator_states"), dbt.ref("stg_columns"), involved)
    rows = [row for problem in problems for row in rows_of(problem, heads, by_number, places, names, slip)]
    order = ("programme_id", "period", "reporter_id", "indicator_id", "proposal_id")
    rows.sort(key=lambda row: (*(row[name] for name in order), row["alternative"] or 0, row["field"]))
    return pa.Table.from_pylist(rows, schema=schema)


def places_of(states, columns, involved):
    """(programme, period, reporter, indicator, field) → (path, sheet, row number, header as written)."""
    key = ["programme_id", "period", "reporter_id", "indicator_id"]
    place = [*key, "receipt_id", "path", "sheet", "row_number"]
    rows = states.project(", ".join(place)).pl().join(involved.select([*key, "field"]), on=key)
    headers = {
        (r, s, f): c for r, s, f, c in columns.project("receipt_id, sheet, field, column_name").fetchall()
    }
    return {
        (*(row[k] for k in key), row["field"]): (
            row["path"],
            row["sheet"],
            row["row_number"],
            headers.get((row["receipt_id"], row["sheet"] or "", row["field"])),
        )
        for row in rows.to_dicts()
    }
