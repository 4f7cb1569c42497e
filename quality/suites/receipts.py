"""Expectations over the book-keeping of receipts, and that every submission row agrees with its receipt.

All are invariants of our own loader: a failing one is our bug. Row counts (conservation) are the loader's own check and
a dbt test.
"""

from __future__ import annotations

from quality.checks import PERIOD_FORMAT, Check, Suite, between, in_set, not_null, unique

_KINDS = ("progress", "indicators", "rectification", "satisfaction")
_PLACE = "receipt_id, programme_id, period, reporter_id, path"
_TABLES = {"progress": "progress", "indicators": "indicator_values", "rectification": "rectification",
           "satisfaction": "satisfaction"}  # fmt: skip


def _period(column: str) -> Check:
    return Check(
        lambda gxe: gxe.ExpectColumnValuesToMatchRegex(column=column, regex=PERIOD_FORMAT),
        (column,),
        "期次写成 2021Q3 的形式",
    )


def _receipts() -> Suite:
    return Suite(
        name="receipts",
        table="receipts",
        prepared="""
            SELECT row_number() OVER (ORDER BY path, receipt_id) AS row_id, receipt_id, path, received_at::VARCHAR AS received_at,
                   rows_read, rows_quarantined,
                   CASE WHEN coalesce(rejected, false) THEN NULL ELSE period END AS loaded_period,
                   CASE WHEN coalesce(rejected, false) THEN NULL ELSE coalesce(kind, '') END AS loaded_kind,
                   CASE WHEN rejected THEN coalesce(reason, '') <> '' ELSE true END AS reason_given
            FROM raw.receipts
        """,
        checks=(
            not_null("receipt_id", "收文编号"),
            unique(("receipt_id",), "收文编号"),
            not_null("path", "文件路径"),
            not_null("received_at", "收文时间"),
            _period("loaded_period"),
            in_set("loaded_kind", _KINDS, "已载入文件的报送种类在规定种类之中"),
            in_set("reason_given", (True,), "拒收的文件写明原因"),
            between("rows_read", 0, None, "读取行数不为负"),
            Check(
                lambda gxe: gxe.ExpectColumnPairValuesAToBeGreaterThanB(
                    column_A="rows_read",
                    column_B="rows_quarantined",
                    or_equal=True,
                    ignore_row_if="either_value_is_missing",
                ),
                ("rows_read", "rows_quarantined"),
                "隔离行数不超过读取行数",
            ),
        ),
    )


def _rows() -> Suite:
    union = " UNION ALL ".join(
        f"SELECT '{kind}' AS kind, {_PLACE} FROM (SELECT DISTINCT {_PLACE} FROM raw.{table})"
        for kind, table in _TABLES.items()
    )
    return Suite(
        name="submission_rows",
        table="receipts",
        prepared=f"""
            SELECT row_number() OVER (ORDER BY s.path, s.receipt_id, s.kind, s.period, s.reporter_id) AS row_id,
                   s.receipt_id, s.programme_id, s.period, s.reporter_id, s.path,
                   coalesce(r.programme_id = s.programme_id AND r.period = s.period AND r.reporter_id = s.reporter_id
                            AND r.path = s.path AND r.kind = s.kind AND NOT coalesce(r.rejected, false), false) AS agrees
            FROM ({union}) s LEFT JOIN raw.receipts r ON r.receipt_id = s.receipt_id
        """,
        checks=(
            *(not_null(c, f"数据行的 {c} ") for c in ("receipt_id", "programme_id", "reporter_id", "path")),
            not_null("period", "数据行的期次"),
            _period("period"),
            in_set("agrees", (True,), "数据行与其收文登记一致"),
        ),
    )


def suites() -> list[Suite]:
    """Suites of raw.receipts and of the places of all submission rows."""
    return [_receipts(), _rows()]
