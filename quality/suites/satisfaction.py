"""Expectations over satisfaction: rate in 0–100 (V01), rate against its parts (S01), places.

Belongs here: one row on its own. Does not belong here: unreadable numbers (reader).
"""

from __future__ import annotations

from quality.checks import OF_PRESENT_PROGRAMMES, SHEET_NO, Check, Row, Suite, not_null, number, places, shown

RATE_TOLERANCE = 0.05  # percentage points, catalogue rule S01


def _range_message(row: Row, header: str) -> str:
    return (
        f"“{header}”列的“{shown(row['rate_raw'])}”超出允许范围 0–100，本行未载入；"
        "请核对后填 0–100 之间的数，重新报送"
    )


def _parts_message(row: Row, header: str) -> str:
    computed = row["satisfied"] / row["sample"] * 100
    return (
        f"{shown(row['respondent_group'], 40)}的满意度填报 {number(row['rate'])}%，按满意数÷样本量计算为 "
        f"{number(row['satisfied'])}÷{number(row['sample'])}={computed:.4g}%，相差超过 {RATE_TOLERANCE} 个百分点；"
        "请核对三个数后重新报送"
    )


def suites() -> list[Suite]:
    """The suite of raw.satisfaction."""
    return [
        Suite(
            name="satisfaction",
            table="satisfaction",
            kind="satisfaction",
            prepared=f"""
                SELECT t.rowid AS row_id, t.receipt_id, t.programme_id, t.period, t.reporter_id, t.path, t.sheet,
                       t.row_number, t.respondent_group, t.sample, t.satisfied, t.rate_raw, t.rate,
                       CASE WHEN t.sample <> 0 THEN round(abs(t.rate - t.satisfied / t.sample * 100), 9) END AS rate_gap
                FROM raw.satisfaction t
                WHERE t.{OF_PRESENT_PROGRAMMES}
            """,
            frame=SHEET_NO,
            checks=(
                Check(
                    lambda gxe: gxe.ExpectColumnValuesToBeBetween(column="rate", min_value=0, max_value=100),
                    ("rate",),
                    "满意度在 0–100 之间",
                    rule_id="V01",
                    field="rate",
                    label="满意度",
                    raw="rate_raw",
                    message=_range_message,
                    quarantines=True,
                ),
                Check(
                    lambda gxe: gxe.ExpectColumnValuesToBeBetween(
                        column="rate_gap", min_value=0, max_value=RATE_TOLERANCE
                    ),
                    ("rate_gap",),
                    "满意度与满意数、样本量相符",
                    rule_id="S01",
                    field="rate",
                    label="满意度",
                    raw="rate_raw",
                    message=_parts_message,
                ),
                *places(),
                not_null("respondent_group", "调查对象"),
            ),
        )
    ]
