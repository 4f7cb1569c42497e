"""A quarter whose every text is an attack, from the raw tree to the last file a command writes: ``python -m tests.hostile.poisoned [DIR]``.

Every text column of every kind and of the registry holds formulas, scripts, SQL, templates, escape sequences and changes of
direction, beside the hostile files of ``tests.factories.hostile`` and an honest second programme. The commands are run as
a person runs them; then whatever they wrote is looked through. Prints what was done; exit code 1 with the first thing wrong.
Part of ``make torture`` (a whole run with pages is too slow for ``make test``).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from tests.factories import hostile
from tests.factories.trees import SMALL_REGISTRY, make_registry, write_file, write_receipts
from tests.fuzz.targets import CONTROL

PERIOD = "2021Q1"
OTHER = "q2021"
# begins with what each program takes for its own: a formula, a command, a tag, a template, a query
ATTACKS = (
    "=cmd|' /C calc'!A0", "+1+cmd|'x'!A0", "-2+3", "@SUM(1+1)*cmd|'x'!A0", "\t=1+1", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>',
    "</script><script>alert(1)</script>", "'; DROP TABLE raw.progress; --", "{{7*7}}{% x %}", "\x1b]0;x\x07\x1b[31m红", "\u202e05%\u202c", "${jndi:x}", "%s%n",
    "=HYPERLINK(\"http://example.invalid\",\"点\")", "javascript:alert(1)", "甲\u2028乙\x0b丙", "]]><!--",
)  # fmt: skip


class Wrong(AssertionError):
    """Something an attack reached."""


def _attack(number: int) -> str:
    return f"{ATTACKS[number % len(ATTACKS)]}〔{number}〕"


def _poisoned(
    rows: list[dict], columns: dict[str, tuple[str, ...]], table: str, count: list[int]
) -> list[dict]:
    changed = []
    for row in rows:
        row = dict(row)
        for column in columns.get(table, ()):
            count[0] += 1
            row[column] = f"{_attack(count[0])}{row.get(column) or ''}"
        changed.append(row)
    return changed


_REGISTRY_TEXTS = {
    "reporters": ("name", "group"),
    "units": ("name",),
    "specials": ("name", "lead_unit"),
    "tasks": ("title", "source"),
    "responsibilities": ("unit_name",),
    "indicators": ("name", "unit", "numerator", "denominator"),
}
_TEXTS = {
    "progress": ["任务编号", "状态", "完成进度", "任务名称", "进展情况", "存在问题", "佐证材料", "填报单位"],
    "indicators": ["指标编号", "指标值", "指标名称", "单位", "说明", "数据来源"],
    "rectification": ["问题编号", "问题", "问题来源", "责任单位", "整改措施", "整改期限", "整改状态"],
    "satisfaction": ["调查对象", "样本量", "满意数", "满意度"],
}
_KEYS = {
    "progress": ["t01", "t02", "t03"],
    "indicators": ["kb_online", "kb_steps"],
    "rectification": ["1", "2"],
    "satisfaction": ["企业"],
}


def build(root: Path) -> int:
    """Write the tree; number of poisoned cells."""
    count = [0]
    hostile.write_tree(root, slow=False)
    tables = {name: _poisoned(rows, _REGISTRY_TEXTS, name, count) for name, rows in SMALL_REGISTRY.items()}
    make_registry(root, hostile.PROGRAMME, settings="[lists]\nred = 1\nblack = 1\n", **tables)
    toml = root / "registry" / hostile.PROGRAMME / "programme.toml"
    toml.write_text(
        toml.read_text(encoding="utf-8").replace(
            "某市优化营商环境方案", "<script>alert(1)</script>\\u001b[31m方案"
        ),
        encoding="utf-8",
    )
    make_registry(root, OTHER)
    for kind, header in _TEXTS.items():
        for number, suffix in enumerate(("csv", "xlsx", "json")):
            rows = []
            for key in _KEYS[kind]:
                # the key and one number stay readable; the second file's numbers are attacks, too
                row = [
                    key,
                    *(
                        "推进中"
                        if h == "状态"
                        else "50"
                        if number == 0 and h in ("完成进度", "指标值", "满意度")
                        else None
                        for h in header[1:]
                    ),
                ]
                for at in range(1, len(header)):
                    if row[at] is None:
                        count[0] += 1
                        row[at] = _attack(count[0])
                rows.append(row)
            if suffix == "xlsx":  # XML holds no control characters
                rows = [[CONTROL.sub("", cell).replace("\x0b", "") for cell in row] for row in rows]
            # a leading = would become a formula of the writer's own
            rows = [["'" + c if suffix == "xlsx" and c.startswith("=") else c for c in row] for row in rows]
            write_file(root / hostile.PLACE / f"{kind}_毒{number}.{suffix}", header, rows)
    for reporter in ("410001", "410002"):
        write_file(
            root / f"submissions/{OTHER}/{PERIOD}/{reporter}/progress.csv",
            list(hostile.GOOD_ROWS[0]),
            hostile.GOOD_ROWS,
        )
    names = sorted(
        path.relative_to(root).as_posix() for path in (root / "submissions").rglob("*") if path.is_file()
    )
    write_receipts(root, [(name, "2021-03-25T10:00:00+08:00", _attack(n)) for n, name in enumerate(names)])
    (root / "confirmations.csv").write_text(
        f"rule_id,reporter_id,entity_id,period,note,by\nV02,410001,kb_online,{PERIOD},=cmd|x!A0\x1b[31m,<script>alert(1)</script>\n",
        encoding="utf-8",
    )
    return count[0]


class _Page(HTMLParser):
    """Fails on what only an attack brings: an element or attribute that runs, a link elsewhere."""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name.startswith("on") or (value or "").strip().lower().startswith("javascript:"):
                raise Wrong(f"<{tag} {name}={value!r}>")
            if name in ("src", "href") and "example.invalid" in (value or ""):
                raise Wrong(f"<{tag} {name}={value!r}>")
        if tag == "img":
            raise Wrong(f"<img {attributes}>")


def check_page(path: Path) -> None:
    """A page shows the attacks as text."""
    text = path.read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    page.close()
    for script in re.findall(r"<script[^>]*>(.*?)</script", text, re.DOTALL | re.IGNORECASE):
        if script.strip().startswith("alert("):
            raise Wrong(f"{path.name}: a script of the attack's")
    if found := CONTROL.search(text):
        raise Wrong(f"{path.name}: {found[0]!r}")


def check_package(path: Path) -> None:
    """A workbook or document: sound XML, no formula or link that a county wrote."""
    with zipfile.ZipFile(path) as package:
        for name in package.namelist():
            if not name.endswith((".xml", ".rels")):
                continue
            part = package.read(name)
            root = ElementTree.fromstring(part)
            for element in root.iter():
                tag = element.tag.rpartition("}")[2]
                if tag in ("f", "instrText") and re.search(r"cmd|HYPERLINK|SUM\(1", element.text or ""):
                    raise Wrong(f"{path.name} {name}: formula {element.text!r}")
                if tag == "Relationship" and element.get("TargetMode") == "External":
                    raise Wrong(f"{path.name} {name}: link to {element.get('Target')!r}")
            if found := CONTROL.search(part.decode("utf-8")):
                raise Wrong(f"{path.name} {name}: {found[0]!r}")


def check_warehouse(path: Path) -> None:
    """Nothing was dropped, the honest programme is whole, no stored text steers a terminal."""
    with duckdb.connect(str(path), read_only=True) as connection:
        honest = connection.execute(
            "SELECT count(*), sum(rows_loaded) FROM ops.receipts WHERE programme_id = ?", [OTHER]
        ).fetchone()
        if honest != (2, 4):
            raise Wrong(f"the honest programme has {honest} (files, rows)")
        read = connection.execute("SELECT count(*) FROM raw.progress").fetchone()[0]
        if read < 20:
            raise Wrong(f"raw.progress has {read} rows")
        columns = connection.execute(
            "SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE data_type = 'VARCHAR'"
        ).fetchall()
        for schema, table, column in columns:
            for (text,) in connection.execute(
                f'SELECT DISTINCT "{column}" FROM "{schema}"."{table}" WHERE "{column}" IS NOT NULL'
            ).fetchall():
                if CONTROL.search(text):
                    raise Wrong(f"{schema}.{table}.{column}: {text[:80]!r}")


COMMANDS = (
    ("run", "--period", PERIOD), ("status", "--period", PERIOD), ("status", "--period", PERIOD, "--json"),
    ("explain", "--period", PERIOD, "--reporter", "410001"), ("remind", "--period", PERIOD),
    ("template", "--period", PERIOD, "--out", "{out}/template"), ("feedback", "--period", PERIOD, "--out", "{out}/feedback"),
    ("bulletin", "--period", PERIOD, "--out", "{out}/bulletin"), ("editions",), ("doctor",),
)  # fmt: skip


def look_through(base: Path) -> str:
    """Check the warehouse and every page, workbook and document below ``base``; what was looked at. Raises Wrong."""
    check_warehouse(base / "home" / "published" / "current.duckdb")
    checks = {".html": check_page, ".xlsx": check_package, ".docx": check_package}
    counts = dict.fromkeys(checks, 0)
    for path in sorted(base.rglob("*")):
        # the tree is the attack itself; the lineage pages are dbt's and hold no data
        own = path.relative_to(base).parts[0] != "raw" and "lineage" not in path.parts
        if own and path.suffix in checks:
            try:
                checks[path.suffix](path)
            except ElementTree.ParseError as error:
                raise Wrong(f"{path}: {error}") from error
            counts[path.suffix] += 1
    if not all(counts.values()):
        raise Wrong(f"nothing was written: {counts}")
    return f"looked through: {counts}"


def main() -> int:
    """The command; 1 with the first thing wrong."""
    with TemporaryDirectory() as folder:
        base = Path(sys.argv[1] if len(sys.argv) > 1 else folder)
        base.mkdir(parents=True, exist_ok=True)
        print(
            f"{build(base / 'raw')} poisoned cells, {len(hostile.CASES)} kinds of hostile files", flush=True
        )
        environment = os.environ | {"TAIZHANG_RAW": str(base / "raw"), "TAIZHANG_HOME": str(base / "home")}
        for command in COMMANDS:
            arguments = [part.format(out=base / "out") for part in command]
            started = time.monotonic()
            done = subprocess.run(
                [sys.executable, "-c", "from orchestration.cli import main; main()", *arguments],
                env=environment, capture_output=True, timeout=900, check=False,
            )  # fmt: skip
            out = (done.stdout + done.stderr).decode("utf-8")
            seconds = time.monotonic() - started
            print(f"taizhang {' '.join(command)}: exit {done.returncode}, {seconds:.0f} s", flush=True)
            if "Traceback" in out or done.returncode not in (0, 1):
                print(out[-3000:])
                return 1
            if found := CONTROL.search(out):
                print(f"prints {found[0]!r}: …{out[max(found.start() - 100, 0) : found.end() + 20]!r}")
                return 1
        try:
            print(look_through(base))
        except Wrong as error:
            print(f"wrong: {error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
