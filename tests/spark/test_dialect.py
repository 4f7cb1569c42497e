"""The macros of portable.sql that have a Spark side: both sides, the same values."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest

from orchestration.settings import REPOSITORY

MACROS = jinja2.Environment().from_string(
    (REPOSITORY / "dbt_project" / "macros" / "portable.sql").read_text(encoding="utf-8")
).module  # fmt: skip


def both(name: str, *arguments: Any) -> dict[str, str]:
    """The SQL of a macro by engine."""
    return {
        engine: getattr(MACROS, f"{side}__{name}")(*arguments)
        for engine, side in (("duckdb", "default"), ("spark", "spark"))
    }


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A session without a catalogue, ended before anybody else starts one."""
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("session")
    options = {
        "spark.master": "local[1]", "spark.driver.memory": "1g", "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.session.timeZone": "Asia/Shanghai", "spark.sql.ansi.enabled": "false",
        "spark.sql.shuffle.partitions": "1", "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.local.dir": str(folder), "spark.log.level": "ERROR", "spark.ui.showConsoleProgress": "false",
        "spark.sql.parquet.inferTimestampNTZ.enabled": "false",
    }  # fmt: skip
    session = SparkSession.builder.config(map=options).getOrCreate()
    yield session
    session.stop()


@pytest.fixture
def ask(spark: Any, tmp_path: Path):
    """(rows of DuckDB, rows of Spark) for one SELECT over the same Parquet file; ``{x}`` is what the macro gives."""

    def asked(relation: str, query: str, sql: dict[str, str]) -> tuple[list[tuple], list[tuple]]:
        file = tmp_path / "given.parquet"
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'Asia/Shanghai'")
            connection.execute(f"COPY ({relation}) TO '{file}' (FORMAT parquet)")
            text = query.replace("{x}", sql["duckdb"]).replace("{given}", f"'{file}'")
            first = connection.execute(text).fetchall()
        text = query.replace("{x}", sql["spark"]).replace("{given}", f"parquet.`{file}`")
        return first, [tuple(row) for row in spark.sql(text).collect()]

    return asked


def values(texts: list[str | None]) -> str:
    quoted = ("NULL" if text is None else "'" + text.replace("'", "''") + "'" for text in texts)
    return f"SELECT * FROM (VALUES {', '.join(f'({number}, {text})' for number, text in enumerate(quoted))}) AS v(n, t)"


NUMBERS = [
    0.0, 0.125, 0.375, 0.25, 92.25, 93.75, 1.005, 1.015, 2.675, 1.115, -0.001, -1.005, -92.25, 0.05, 0.15, 0.35, 99.995, 99.99999999,
    1e-9, 5e-7, 0.0000005, 123456789.123456, 100.0, 1000.0, 33.333333333333336, 0.1 + 0.2, 4503599.5, 1e6 + 0.5,
]  # fmt: skip


@pytest.mark.parametrize("digits", [1, 2, 3, 4, 6, 9])
def test_numbers_are_rounded_as_c_rounds_them(ask, digits: int):
    """Halves that are halves in binary go to the even digit, halves on paper only go where the double lies."""
    dice = random.Random(digits)
    given = [*NUMBERS, *(dice.randrange(-(10**7), 10**7) / 2000 for _ in range(1000))]
    given += [dice.uniform(-1e4, 1e4) for _ in range(1000)]
    given = [value for value in given if abs(value) * 10**digits < 2**53]
    relation = f"SELECT unnest([{', '.join(f'{value!r}::DOUBLE' for value in given)}, NULL]) AS v, unnest(range({len(given) + 1})) AS n"
    first, second = ask(
        relation, "SELECT n, {x} AS text FROM {given} ORDER BY n", both("number_text", "v", digits)
    )
    assert first == second
    assert dict(first)[len(given)] is None


def test_distance_between_names(ask):
    names = [
        "市场监督管理局",
        "市市场监管局",
        "",
        "ab",
        "政务服务和大数据管理局",
        "政务服务局（大数据局）",
        None,
    ]
    relation = (
        f"SELECT a.t AS a, b.t AS b, a.n * 100 + b.n AS n FROM ({values(names)}) AS a, ({values(names)}) AS b"
    )
    first, second = ask(
        relation, "SELECT n, {x} AS d FROM {given} ORDER BY n", both("edit_distance", "a", "b")
    )
    assert first == second


def test_white_space(ask):
    texts = ["市 财\t政\n局", "　全角　空格", " a\rb\fc ", "no\u00a0break", "\u000b竖", "", None]
    first, second = ask(
        values(texts), "SELECT n, {x} AS t FROM {given} ORDER BY n", both("without_space", "t")
    )
    assert first == second


def test_periods(ask):
    texts = ["2021Q1", "2021Q4", "2021Q5", "2021Q1\n", " 2021Q1", "2021q1", "２０２１Q1", "12021Q1", "", None]
    first, second = ask(values(texts), "SELECT n, {x} AS t FROM {given} ORDER BY n", both("is_period", "t"))
    assert first == second
    assert [row[1] for row in first][:3] == [True, True, False]


def test_days_and_moments(ask):
    relation = (
        "SELECT unnest([DATE '2021-12-31', DATE '2024-02-29', NULL]) AS a, unnest([DATE '2022-01-01', DATE '2023-02-28', DATE '2020-01-01']) AS b,"
        " unnest([TIMESTAMPTZ '2021-12-31 16:00:00+00', TIMESTAMPTZ '1999-12-31 23:59:59+08', NULL]) AS m, unnest(range(3)) AS n"
    )
    for sql in (both("days_between", "a", "b"), both("moment_text", "m")):
        first, second = ask(relation, "SELECT n, {x} AS x FROM {given} ORDER BY n", sql)
        assert first == second


def test_texts_joined_in_order(ask):
    relation = "SELECT * FROM (VALUES (1, 'b', 2), (1, 'a', 1), (1, NULL, 0), (2, NULL, 1), (3, 'x', 9), (3, '', 1), (4, '乙', 2), (4, '丙', 1)) AS v(k, t, o)"
    first, second = ask(
        relation,
        "SELECT k, {x} AS t FROM {given} GROUP BY k ORDER BY k",
        both("joined_text", "t", "o, t", "o < 9", "、"),
    )
    assert first == second
    assert dict(first)[2] is None


def test_quartiles(ask):
    relation = "SELECT n % 7 AS k, sin(n) * 1000 AS v FROM range(200) AS r(n)"
    for share in (0.25, 0.75):
        first, second = ask(
            relation,
            "SELECT k, round({x}, 9) AS q FROM {given} GROUP BY k ORDER BY k",
            both("quantile_of", "v", share),
        )
        assert first == second


def test_objects_of_an_array(ask):
    texts = [
        '[{"name": "甲“\\"乙\\\\", "score": 97.5}, {"name": null, "score": 1e-05}]',
        '[{"score": 0.1, "name": "x"}]',
        "[]",
        None,
    ]
    relation = values(texts)
    rows = both("json_elements", "{given}", "n", "t")
    for field in ("name", "score"):
        text = both("json_text", "element", field)
        query = {
            engine: f"SELECT n, seq, {text[engine]} AS x FROM {rows[engine]} ORDER BY n, seq"
            for engine in rows
        }
        first, second = ask(relation, "{x}", query)
        if field == "score":
            first, second = ([(*row[:2], float(row[2])) for row in rows] for rows in (first, second))
        assert first == second
        assert len(first) == 3
