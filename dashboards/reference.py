"""Pages beside the sites, one for all programmes: the data dictionary (also as a workbook) and the analysts' page.

Belongs here: rows of the dictionary in the order they are read, the document for analysts with the results of its queries. Does
not belong here: descriptions (``orchestration.dictionary`` collects them), the text and queries for analysts
(``docs/analysts.md``), the portal (``pages.portal``).

Nothing here is part of an edition: the pages speak of the file as it is now.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any

import duckdb
from markupsafe import Markup

from dashboards import format as fmt
from dashboards import theme
from dashboards.pages.portal import REFERENCE, reference_links
from dashboards.queries import reference as queries
from dashboards.render import HERE, write_front

if TYPE_CHECKING:
    from orchestration.dictionary import Dictionary

Row = dict[str, Any]
ANALYSTS = HERE.parent / "docs" / "analysts.md"
SCRIPT = "reference.js"
MOST_ROWS = 5  # of a query's result on the page
PATIENCE = 5.0  # seconds a query may take on the page; a national warehouse answers some of them more slowly
_LONG = 12  # lines of a query that scrolls in its place
# programme, periods and reporter the document speaks of
SAMPLE = ("zhumadian2021", "wugang2022", "2021Q4", "2021Q3", "2022Q1", "411729")
_QUESTION = re.compile(r"-- (.*)\n")
_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]+")
_POLARITY = {"higher": "越高越好", "lower": "越低越好"}
_SCORING = {
    "dtf": "100 × (最差值 − 指标值) ÷ (最差值 − 前沿值)",
    "attainment": "100 × (指标值 − 现状值) ÷ (目标值 − 现状值)",
}
_NO_BASELINE = {"higher": "100 × min(1, 指标值 ÷ 目标值)", "lower": "100 × min(1, 目标值 ÷ 指标值)"}


def render_reference(
    connection: duckdb.DuckDBPyConnection, published_dir: Path, dictionary: Dictionary
) -> list[Path]:
    """Write ``dictionary.html``, ``dictionary.xlsx`` and ``analyst.html`` into ``published_dir``.

    connection: the published file, read-only. Errors of DuckDB on tables of the contract pass through; a query of the analysts'
    page that fails is said on the page.
    """
    published_dir.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(HERE / "static" / SCRIPT, published_dir / SCRIPT)
    contents = dictionary_contents(connection, dictionary)
    # each page names the other, whichever is written first
    links = [link for link in REFERENCE if link in reference_links(published_dir) or "/" not in link[0]]
    context = {"links": links, "script": SCRIPT}
    written = [
        write_front(published_dir, "dictionary.html", "dictionary.html", context | contents),
        write_front(published_dir, "analyst.html", "analyst.html", context | analyst_contents(connection)),
        published_dir / "dictionary.xlsx",
    ]
    write_workbook(contents, written[-1])
    return written


# --- dictionary -------------------------------------------------------------------------------------------------------


def dictionary_contents(connection: duckdb.DuckDBPyConnection, dictionary: Dictionary) -> Row:
    """Sections of the dictionary: tables by schema, forms, rules, indicators by programme, words."""
    types = queries.column_types(connection)
    described = {(table.schema, table.name): table for table in dictionary.tables}
    schemas = [
        {"schema": schema, "title": title, "tables": [
            _table(described[key], types[key]) for key in described if key[0] == schema and key in types
        ]}
        for schema, title in dictionary.schemas.items()
    ]  # fmt: skip
    return {
        "schemas": schemas,
        "copies": [_copies(types, schema) for schema in ("editions", "draft")],
        "forms": dictionary.forms,
        "rules": [_rule(rule) for rule in dictionary.rules],
        "programmes": _indicators(connection),
        "words": words(),
    }


def _table(table: Any, types: dict[str, str]) -> Row:
    columns = {column.name: column for column in table.columns}
    return {
        "key": f"{table.schema}.{table.name}",
        "meaning": table.meaning,
        "owner": table.owner,
        "sources": table.sources,
        "columns": [
            {"name": name, "type": _type_words(kind), "meaning": c.meaning, "unit": c.unit, "formula": c.formula}
            for name, kind in types.items()
            if (c := columns.get(name))
        ],
        "undescribed": [name for name in types if name not in columns],
    }  # fmt: skip


def _type_words(kind: str) -> str:
    words = {
        "VARCHAR": "文本",
        "DOUBLE": "小数",
        "BOOLEAN": "是否",
        "DATE": "日期",
        "TIMESTAMP WITH TIME ZONE": "时刻",
    }
    if kind.endswith("[]"):
        return f"{_type_words(kind[:-2])}数组"
    return words.get(kind, "整数" if kind.endswith("INT") or kind == "INTEGER" else kind)


def _copies(types: dict[tuple[str, str], dict[str, str]], schema: str) -> Row:
    """Schemas that repeat the marts: which tables they have, and which columns they add."""
    tables = [table for there, table in types if there == schema]
    added = [
        name
        for name in ("edition", "revision", "known_from", "known_to")
        if tables and all(name in types[schema, table] for table in tables)
    ]
    return {"schema": schema, "tables": tables, "added": added}


def _rule(rule: dict[str, str]) -> Row:
    return rule | {"severity_zh": f"{rule['severity']} {fmt.words(fmt.SEVERITY_WORDS, rule['severity'])}"}


def _indicators(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Indicators by programme, every value with the decimals of the registry."""
    programmes: dict[str, Row] = {}
    for row in queries.indicators(connection):
        entry = programmes.setdefault(
            row["programme_id"],
            {"programme_id": row["programme_id"], "title": row["programme"] or row["programme_id"], "indicators": []},
        )  # fmt: skip
        shown = {name: fmt.value(row[name], row["decimals"]) for name in ("baseline", "frontier", "worst")}
        entry["indicators"].append(
            shown
            | {
                "indicator_id": row["indicator_id"],
                "name": row["name"],
                "special": row["special"] or fmt.NONE,
                "unit": row["unit"] or fmt.NONE,
                "polarity": fmt.words(_POLARITY, row["polarity"]),
                "definition": _definition(row),
                "scoring": _scoring(row),
                "targets": [
                    f"{fmt.value(t['target'], row['decimals'])}（{fmt.day(t['due'])}）" for t in row["targets"] or []
                ],
                "source": f"indicators.csv 第 {row['row_number']} 行",
            }
        )  # fmt: skip
    return list(programmes.values())


def _definition(row: Row) -> str | None:
    """``分子 ÷ 分母 × 100`` with the registry's words; None where the registry says nothing."""
    if not row["numerator"]:
        return None
    factor = row["multiplier"] or (100 if "%" in (row["unit"] or "") else 1)
    share = f"{row['numerator']} ÷ {row['denominator']}" if row["denominator"] else row["numerator"]
    return share if factor == 1 else f"{share} × {fmt.number(factor, 4, trim=True)}"


def _scoring(row: Row) -> str:
    """The formula of the score the registry leads to (contract, section 7)."""
    frontier = row["frontier"] is not None and row["worst"] is not None
    if row["method"] == "dtf" or (row["method"] != "attainment" and frontier):
        exponent = row["exponent"]
        power = "" if exponent in (None, 1) else f"，再 {fmt.number(exponent, 4, trim=True)} 次方"
        return _SCORING["dtf"] + power
    if not row["targets"]:
        return "没有目标值，不计分"
    return _SCORING["attainment"] if row["baseline"] is not None else _NO_BASELINE[row["polarity"]]


def words() -> list[tuple[str, list[tuple[str, str]]]]:
    """(what for, (code, word) …) of every code a reader meets; for a status also how a clerk may write it."""
    from raw.values import ANSWER_WORDS, STATUS_WORDS

    written = {
        code: "、".join(word for word, meant in STATUS_WORDS.items() if meant == code)
        for code in fmt.STATUS_WORDS
    }
    return [
        ("任务和整改的状态", [(code, f"{word}（可写作 {written[code]}）") for code, word in fmt.STATUS_WORDS.items()]),
        ("灯号", [(light.key, f"{light.shape} {light.colour_word} {light.word}") for light in theme.LIGHTS.values()]),
        ("指标的填报情况", list(fmt.STATE_WORDS.items())),
        ("指标值一格里写的不是数", [(code, "、".join(said)) for code, said in ANSWER_WORDS.items()]),
        ("报送种类", list(fmt.KIND_WORDS.items())),
        ("收文状态", list(fmt.RECEIPT_WORDS.items())),
        ("责任分工", list(fmt.ROLE_WORDS.items())),
        ("填报主体的种类", list(fmt.REPORTER_KIND_WORDS.items())),
        ("计分方法", list(fmt.METHOD_WORDS.items())),
        ("榜单", list(fmt.LIST_WORDS.items())),
        ("严重程度", list(fmt.SEVERITY_WORDS.items())),
    ]  # fmt: skip


def sheets(contents: Row) -> dict[str, tuple[Sequence[str], list[Sequence[str]]]]:
    """Sheet → head and rows of the workbook: the dictionary's rows, texts only."""
    tables = [table for schema in contents["schemas"] for table in schema["tables"]]
    return {
        "表": (
            ("表", "内容", "由谁负责", "来源"),
            [(t["key"], t["meaning"], t["owner"], "、".join(t["sources"])) for t in tables],
        ),
        "字段": (
            ("表", "字段", "类型", "含义", "单位", "公式"),
            [
                (t["key"], *(c[name] for name in ("name", "type", "meaning", "unit", "formula")))
                for t in tables
                for c in t["columns"]
            ],
        ),
        "表头": (
            ("种类", "字段", "类型", "可用的表头"),
            [(f.title, name, kind, "、".join(said)) for f in contents["forms"] for name, kind, said in f.fields],
        ),
        "规则": (
            ("规则", "严重程度", "说明", "改正办法", "对象", "由谁处理", "归属", "状态"),
            [
                [r[name] for name in ("rule_id", "severity_zh", "message_zh", "remedy_zh", "entity", "owner", "home_zh", "state_zh")]
                for r in contents["rules"]
            ],
        ),
        "指标": (
            ("方案", "专项", "指标编号", "指标", "单位", "方向", "分子分母", "得分公式", "现状值", "目标值", "前沿值", "最差值", "来源"),
            [
                [p["title"], *(i[n] or "" for n in ("special", "indicator_id", "name", "unit", "polarity", "definition", "scoring",
                 "baseline")), "；".join(i["targets"]), i["frontier"], i["worst"], i["source"]]
                for p in contents["programmes"]
                for i in p["indicators"]
            ],
        ),
        "状态词": (
            ("用于", "代码", "含义"),
            [(about, code, word) for about, codes in contents["words"] for code, word in codes],
        ),
    }  # fmt: skip


def write_workbook(contents: Row, path: Path) -> None:
    """The dictionary as a workbook of texts: no cell begins a formula or a link; the same rows give the same bytes."""
    import xlsxwriter

    fresh = path.with_name(f".{path.name}.new")
    book = xlsxwriter.Workbook(str(fresh), {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": "数据字典", "created": dt.datetime(2000, 1, 1)})
    bold = book.add_format({"bold": True, "bg_color": "#DCE6F1", "border": 1, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for title, (head, rows) in sheets(contents).items():
        sheet = book.add_worksheet(title)
        sheet.freeze_panes(1, 0)
        for column, text in enumerate(head):
            sheet.write_string(0, column, text, bold)
            longest = max((len(str(row[column])) for row in rows), default=0)
            sheet.set_column(column, column, min(48, max(8, 2 * len(text), 1.5 * longest)), wrapped)
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                sheet.write_string(number, column, str(value)[:32000], wrapped)
        sheet.autofilter(0, 0, len(rows), len(head) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.repeat_rows(0)
        sheet.fit_to_pages(1, 0)
    book.close()
    fresh.replace(path)


# --- analysts' page ---------------------------------------------------------------------------------------------------


def here(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What of ``SAMPLE`` is called otherwise in this file, so that the queries can be pasted as they stand; empty for the sample.

    The first programme and its last two quarters with a ranking take the place of those the file does not have.
    """
    known = [pair for pair in queries.quarters_known(connection) if _PLAIN_ID.fullmatch(pair[0])]
    if not known:
        return {}
    programme = SAMPLE[0] if any(p == SAMPLE[0] for p, _ in known) else known[0][0]
    periods = [period for p, period in known if p == programme]
    last, before = periods[-1], periods[-2] if len(periods) > 1 else periods[-1]
    found = {}
    if programme != SAMPLE[0]:
        found |= dict.fromkeys(SAMPLE[:2], programme) | {"2022Q1": last}
        (reporter,) = connection.execute(
            "SELECT max(reporter_id) FROM marts.ranking WHERE programme_id = ?", [programme]
        ).fetchone()
        found |= {SAMPLE[5]: reporter} if _PLAIN_ID.fullmatch(reporter or "") else {}
    if "2021Q4" not in periods:
        found |= {"2021Q4": last, "2021Q3": before}
    return found


def analyst_contents(connection: duckdb.DuckDBPyConnection) -> Row:
    """The document as HTML, each of its queries followed by the first rows of its result in this file."""
    from markdown_it import MarkdownIt

    text = ANALYSTS.read_text(encoding="utf-8")
    changed = here(connection)
    if changed:
        # all at once: one name may stand for what another one was
        text = re.sub("|".join(map(re.escape, changed)), lambda found: changed[found[0]], text)
    document = MarkdownIt("commonmark", {"html": False}).enable("table")
    count = iter(range(1, 1000))

    def fence(tokens: Any, at: int, options: Any, env: Any) -> str:
        code = tokens[at].content
        question = _QUESTION.match(code) if tokens[at].info == "sql" else None
        if not question:
            return Markup('<pre tabindex="0"><code>{}</code></pre>\n').format(code)
        return _query(next(count), question[1], code[question.end() :], connection)

    def link(tokens: Any, at: int, options: Any, env: Any) -> str:
        target = tokens[at].attrs["href"].replace("data-dictionary.md", "dictionary.html")
        return Markup('<a href="{}">').format(target)

    document.renderer.rules |= {"fence": fence, "link_open": link}
    return {"document": Markup(document.render(text)), "changed": bool(changed)}


def _query(number: int, question: str, query: str, connection: duckdb.DuckDBPyConnection) -> Markup:
    """One worked query: question, text, result."""
    long = Markup(' class="long"') if query.count("\n") > _LONG else ""
    return Markup('<section class="query" id="q{}"><h3>{}. {}</h3><div{}><pre tabindex="0"><code>{}</code></pre></div>{}</section>').format(
        number, number, question, long, query.strip(), _result(query, connection)
    )  # fmt: skip


def _result(query: str, connection: duckdb.DuckDBPyConnection) -> Markup:
    timer = Timer(PATIENCE, connection.interrupt)
    timer.start()
    try:
        cursor = connection.execute(query)
        names = [column[0] for column in cursor.description]
        rows = cursor.fetchmany(MOST_ROWS + 1)
    except duckdb.InterruptException:
        return Markup('<p class="note">本库较大，{} 秒内没有算完，页面上不列结果。</p>').format(int(PATIENCE))
    except duckdb.Error:
        return Markup('<p class="note">本库没有这个查询所需的表或字段。</p>')
    finally:
        timer.cancel()
    if not rows:
        return Markup('<p class="note">在本库中没有行。</p>')
    said = f"结果的前 {MOST_ROWS} 行：" if len(rows) > MOST_ROWS else f"结果，共 {len(rows)} 行："
    shown = rows[:MOST_ROWS]
    numeric = [
        place
        for place in range(len(names))
        if all(isinstance(row[place], int | float) and not isinstance(row[place], bool) for row in shown)
    ]
    table = theme.table_html(names, [[_shown(value) for value in row] for row in shown], numeric)
    return Markup('<p class="note">{}</p><div class="scroll" tabindex="0">{}</div>').format(said, table)


def _shown(value: Any) -> str:
    """A value of a result on the page."""
    if value is None:
        return fmt.NONE
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dt.datetime):
        return fmt.moment(value)
    if isinstance(value, int):
        return str(value).replace("-", "−")
    if isinstance(value, float):
        return fmt.number(value, 4, trim=True)
    text = str(value)
    return text if len(text) <= 120 else f"{text[:119]}…"
