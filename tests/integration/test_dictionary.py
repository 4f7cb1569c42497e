"""What the documents say is so: the generated dictionary, the commands, queries and links of the READMEs."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from orchestration import dictionary
from orchestration.settings import REPOSITORY
from tests.conftest import Built

pytestmark = pytest.mark.integration
READMES = [REPOSITORY / "README.md", REPOSITORY / "README.zh-CN.md"]
PAGES = [*READMES, REPOSITORY / "CHANGELOG.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]


@pytest.fixture(scope="module")
def page(built: Built) -> str:
    built.settings.prepare()
    return dictionary.render(built.settings)


def test_the_page_in_docs_is_up_to_date(page: str):
    written = dictionary.TARGET.read_text(encoding="utf-8")
    assert written == page, "docs/data-dictionary.md 已过时；请运行 make dictionary 并提交"


def test_every_published_table_and_column_is_described(page: str, published):
    """The manifest says what should be there; the published file says what is."""
    sections = {part.split("\n", 1)[0].strip(): part for part in page.split("\n### ")}
    tables = published.execute(
        "SELECT schema_name, table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() "
        "WHERE schema_name IN ('marts', 'ops', 'quality', 'control', 'raw') GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    assert len(tables) > 30
    missing = []
    for schema, table, columns in tables:
        name = f"{schema}.{table}"
        if name in sections:
            missing += [f"{name}.{c}" for c in columns if f"\n| `{c}` | " not in sections[name]]
        elif schema in ("marts", "ops") or f"\n| `{name}` | " not in page:
            missing.append(name)
    assert missing == []


def test_every_header_and_rule_stands_on_the_page(page: str):
    from orchestration.rules import rule_catalogue
    from orchestration.settings import Settings
    from raw.contracts import contracts

    rules = rule_catalogue(Settings.from_env())
    assert len(rules) > 40
    assert [r["rule_id"] for r in rules if f"\n| {r['rule_id']} | {r['severity']} | " not in page] == []
    for kind, contract in contracts().items():
        section = page.split(f"（{kind}）\n", 1)[1].split("\n#", 1)[0]
        for field in contract.fields:
            (line,) = [row for row in section.splitlines() if row.startswith(f"| `{field.name}` |")]
            assert set(field.headers[:-1]) <= set(line.split(" | ")[-1].removesuffix(" |").split("、"))


def _blocks(path: Path, language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


def _without_comments(block: str) -> str:
    return re.sub(r"\s*(--|#)\s.*$", "", block, flags=re.MULTILINE)


def test_both_readmes_show_the_same_commands_and_queries():
    english, chinese = ([*_blocks(page, "sh"), *_blocks(page, "sql")] for page in READMES)
    assert len(english) == 3
    assert [*map(_without_comments, english)] == [*map(_without_comments, chinese)]


def test_every_query_of_the_readme_gives_rows(published):
    (block,) = _blocks(READMES[0], "sql")
    queries = [query for query in block.split(";") if query.strip()]
    assert len(queries) == 5
    for query in queries:
        assert published.execute(query).fetchall(), query


def test_every_command_the_documents_name_exists():
    from orchestration.cli import cli

    targets = set(
        re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    named = 0
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for line in re.findall(r"(?:`|^)((?:taizhang|make) [a-z][^`\n]*)", text, re.MULTILINE):
            tool, name, *rest = line.split("#")[0].split()
            named += 1
            if tool == "make":
                assert name in targets, f"{page.name}: {line}"
            else:
                assert name in cli.commands, f"{page.name}: {line}"
                options = {option for parameter in cli.commands[name].params for option in parameter.opts}
                assert {word for word in rest if word.startswith("--")} <= options, f"{page.name}: {line}"
    assert named > 20


def test_every_relative_link_leads_somewhere():
    broken, seen = [], 0
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", text):
            address = unquote(target[0] or target[1]).split("#")[0]
            if address and "://" not in address:
                seen += 1
                if not (page.parent / address).exists():
                    broken.append(f"{page.name}: {address}")
    assert broken == []
    assert seen > 20
