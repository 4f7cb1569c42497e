"""The data dictionary in docs/ is what the project says of itself today, and leaves nothing published out."""

from __future__ import annotations

import pytest

from orchestration import dictionary
from tests.conftest import Built

pytestmark = pytest.mark.integration


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
    from orchestration.checks import rule_catalogue
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
