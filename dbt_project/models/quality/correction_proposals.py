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
CELL = ("programme_id", "period", "reporter_id", "indicator_id", "field")
TERM_CELL = ("programme_id", "cell_period", "reporter_id", "indicator_id", "field")
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


def suspects(terms, cells):
    """(programme_id, edit_id) of every edit the reported values break, and of a few that hold by a hair: the engine decides.

    This is the one step that looks at every row, so the database takes it.
    """
    own = cells.project(", ".join(f"{name} as own_{name}" for name in CELL) + ", value")
    same = " and ".join(f"{there} = own_{name}" for there, name in zip(TERM_CELL, CELL, strict=True))
    edits = terms.join(own, same, how="left").aggregate(
        """programme_id, edit_id, min(kind) as kind, min(tolerance) as tolerance, arg_min(constant, term_no) as constant,
        sum(coefficient * value) as total, count(*) as terms, count(value) as known,
        -- one sum in another order differs by so much; two numbers have only one order
        case when count(*) > 2 then 1e-12 * sum(abs(coefficient * value)) else 0.0 end as noise,
        max(value) filter (where field = 'value') as rate, max(value) filter (where field = 'denominator') as denominator,
        max(coefficient * value) filter (where field = 'numerator') as above""",
        "programme_id, edit_id",
    )
    failing = edits.filter(
        """known < terms or case kind
            when 'eq' then abs(total - constant) > tolerance + 4e-10 - noise
            when 'le' then total - constant > tolerance + 4e-10 - noise
            else denominator = 0 or abs(rate - above / nullif(denominator, 0)) > tolerance + 4e-10
        end"""
    )
    return failing.project("programme_id, edit_id").to_arrow_table()


def linked(terms, edits, session):
    """The terms of the edits, of every edit that shares a cell with one of them, and so on: all that can play a part."""
    while True:
        own = terms.join(session.from_arrow(edits), "programme_id, edit_id", how="semi").to_arrow_table()
        cells = own.select(TERM_CELL).group_by(TERM_CELL).aggregate([])
        touched = terms.join(session.from_arrow(cells), ", ".join(TERM_CELL), how="semi")
        more = touched.project("programme_id, edit_id").distinct().to_arrow_table()
        if more.num_rows == edits.num_rows:
            return own
        edits = more


def numbered(terms, cells):
    """Frames with numbers for edits and cells, in the order of their keys; every cell is one of an edit."""
    import polars as pl

    cells = cells.with_columns(
        pl.col("field").replace_strict(dict(zip(FIELDS, range(3), strict=True))).alias("field_no")
    )
    cells = cells.sort([*CELL[:-1], "field_no"]).with_row_index("cell")
    terms = terms.join(
        cells.select([*CELL, "cell"]), left_on=list(TERM_CELL), right_on=list(CELL), how="left"
    )
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

    dbt.config(materialized="table")
    schema = pa.schema([(name, getattr(pa, kind)()) for name, kind in TYPES.items()])
    terms, cells = dbt.ref("int_edit_terms"), dbt.ref("int_edit_cells")
    reporters = dbt.ref("stg_reporters").project("programme_id, reporter_id, name")
    indicators = dbt.ref("stg_indicators").project("programme_id, indicator_id, name")
    states, columns = dbt.ref("int_indicator_states"), dbt.ref("stg_columns")
    edits = suspects(terms, cells) if terms.limit(1).fetchall() else schema.empty_table()
    if not edits.num_rows:
        return schema.empty_table()
    own = linked(terms, edits, session)
    theirs = session.from_arrow(own.select(TERM_CELL).rename_columns(CELL))
    own_cells = cells.join(theirs, ", ".join(CELL), how="semi")
    names = {
        "reporters": {(programme, reporter): name for programme, reporter, name in reporters.fetchall()},
        "indicators": {(programme, indicator): name for programme, indicator, name in indicators.fetchall()},
    }

    def places(involved):
        return places_of(states, columns, involved, session)

    return pa.Table.from_pylist(proposals(own, own_cells.to_arrow_table(), names, places), schema=schema)


def proposals(terms, cells, names, places):
    """Rows of the model from the edits that can play a part and their cells; ``places``: cells → where they stand in files."""
    import polars as pl

    from quality.localisation import localise, slip

    terms, cells = numbered(pl.from_arrow(terms), pl.from_arrow(cells))
    problems = localise(system_of(terms, cells))
    wanted = sorted({edit for problem in problems for edit in problem.failing})
    first = terms.filter(terms["edit"].is_in(wanted)).unique("edit", keep="first", maintain_order=True)
    numbers = {n for problem in problems for one in problem.alternatives for n, _ in one} | set(first["cell"])
    involved = cells.filter(cells["cell"].is_in(sorted(numbers)))
    by_number = {row["cell"]: row for row in involved.to_dicts()}
    heads = {
        row["edit"]: (row["programme_id"], row["edit_id"], row["rule_id"], by_number[row["cell"]])
        for row in first.to_dicts()
    }
    where = places(involved)
    rows = [row for problem in problems for row in rows_of(problem, heads, by_number, where, names, slip)]
    order = ("programme_id", "period", "reporter_id", "indicator_id", "proposal_id")
    return sorted(
        rows, key=lambda row: (*(row[name] for name in order), row["alternative"] or 0, row["field"])
    )


def places_of(states, columns, involved, session):
    """(programme, period, reporter, indicator, field) → (path, sheet, row number, header as written)."""
    key = list(CELL[:-1])
    cells = involved.select(CELL)
    place = ", ".join([*key, "receipt_id", "path", "sheet", "row_number"])
    rows = states.join(session.from_arrow(cells.select(key).unique().to_arrow()), ", ".join(key), how="semi")
    receipts = rows.project("receipt_id").distinct()
    headers = {
        (receipt, sheet, field): name
        for receipt, sheet, field, name in columns.join(receipts, "receipt_id", how="semi")
        .project("receipt_id, sheet, field, column_name")
        .fetchall()
    }
    return {
        (*(row[k] for k in key), row["field"]): (
            row["path"],
            row["sheet"],
            row["row_number"],
            headers.get((row["receipt_id"], row["sheet"] or "", row["field"])),
        )
        for row in rows.project(place).pl().join(cells, on=key).to_dicts()
    }
