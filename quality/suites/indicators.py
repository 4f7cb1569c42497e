"""Expectations over indicator values: range, decimals, ratio and its parts (V01, V04–V07, V10), places.

Belongs here: one value against its own definition in the registry. Does not belong here: comparison with other
reporters or periods (dbt models), unreadable numbers (reader).
"""

from __future__ import annotations

from quality.checks import OF_PRESENT_PROGRAMMES, SHEET_NO, Check, Row, Suite, number, places, shown

RATIO_TOLERANCE = 0.05  # in units of the value, catalogue rule V06
# units in which a value below zero cannot be, where the registry gives no range
TIME_UNITS = (
    "年", "月", "个月", "周", "天", "日", "自然日", "工作日", "个工作日", "小时", "个小时", "分钟", "秒",
)  # fmt: skip
PERCENT_UNITS = ("%", "％", "百分比")

# Digits after the point as written, without trailing zeros; computed cells carry binary noise
# (0.30000000000000004), so beyond ten digits the value itself is asked.
_FRACTION = r"regexp_extract(t.value_raw, '[.．]([0-9０-９]+)', 1)"
_PREPARED = f"""
    WITH defined AS (
        SELECT programme_id, indicator_id, any_value(name) AS indicator_name, any_value(unit) AS defined_unit,
               any_value(decimals) AS decimals, any_value(valid_min) AS valid_min, any_value(valid_max) AS valid_max,
               any_value(multiplier) AS multiplier,
               any_value(numerator) IS NOT NULL AND any_value(denominator) IS NOT NULL AS is_share,
               list_contains([{", ".join(f"'{u}'" for u in PERCENT_UNITS)}], trim(any_value(unit))) AS is_percent,
               list_contains([{", ".join(f"'{u}'" for u in TIME_UNITS)}], trim(any_value(unit))) AS is_time
        FROM raw.indicators GROUP BY programme_id, indicator_id
    ), valued AS (
        SELECT t.rowid AS row_id, t.receipt_id, t.programme_id, t.period, t.reporter_id, t.path, t.sheet,
               t.row_number, t.indicator_id, t.value_raw, t.value, t.numerator_raw, t.numerator, t.denominator_raw,
               t.denominator, d.indicator_id IS NOT NULL AS indicator_known, d.indicator_name, d.defined_unit,
               d.decimals, d.is_share,
               CASE WHEN d.valid_min IS NULL AND d.valid_max IS NULL
                    THEN CASE WHEN d.is_time OR (d.is_percent AND d.is_share) THEN 0 END
                    ELSE d.valid_min END AS low,
               CASE WHEN d.valid_min IS NULL AND d.valid_max IS NULL
                    THEN CASE WHEN d.is_percent AND d.is_share THEN 100 END
                    ELSE d.valid_max END AS high,
               coalesce(d.multiplier, CASE WHEN d.is_percent THEN 100 ELSE 1 END) AS factor,
               CASE WHEN length({_FRACTION}) > 10 THEN length(rtrim(split_part(printf('%.10f', t.value), '.', 2), '0'))
                    ELSE length(rtrim({_FRACTION}, '0０')) END AS places_written
        FROM raw.indicator_values t
        LEFT JOIN defined d ON d.programme_id = t.programme_id AND d.indicator_id = t.indicator_id
        WHERE t.{OF_PRESENT_PROGRAMMES}
    )
    SELECT *,
           CASE WHEN value IS NOT NULL AND decimals > 0 THEN decimals END AS places_allowed,
           CASE WHEN value IS NOT NULL AND decimals = 0 THEN round(abs(value - round(value)), 9) END AS fraction,
           CASE WHEN denominator <> 0 THEN round(abs(value - numerator / denominator * factor), 9) END AS ratio_gap,
           -- a denominator of 0 under a value is V10, said once
           CASE WHEN is_share AND NOT (denominator = 0 AND value IS NOT NULL) THEN numerator END AS part,
           CASE WHEN is_share THEN denominator END AS whole,
           CASE WHEN value IS NOT NULL THEN denominator END AS divisor
    FROM valued
"""


def _name(row: Row) -> str:
    return shown(row["indicator_name"] or row["indicator_id"], 40)


def _range_message(row: Row, header: str) -> str:
    bounds = f"{number(row['low']) or '不限'} 至 {number(row['high']) or '不限'}"
    unit = f"（单位：{row['defined_unit']}）" if row["defined_unit"] else ""
    return (
        f"“{header}”列的“{shown(row['value_raw'])}”超出{_name(row)}的允许范围 {bounds}{unit}，本行未载入；"
        "请核对数值和单位后重新报送"
    )


def _places_message(row: Row, header: str) -> str:
    return (
        f"{_name(row)}的“{shown(row['value_raw'])}”有 {row['places_written']} 位小数，"
        f"最多保留 {row['decimals']} 位；下次请四舍五入后填报"
    )


def _integer_message(row: Row, header: str) -> str:
    return f"{_name(row)}应为整数，“{header}”列填的是“{shown(row['value_raw'])}”；请核对后填整数，重新报送"


def _ratio_message(row: Row, header: str) -> str:
    computed = row["numerator"] / row["denominator"] * row["factor"]
    formula = f"{number(row['numerator'])}÷{number(row['denominator'])}"
    if row["factor"] != 1:
        formula += f"×{number(row['factor'])}"
    return (
        f"{_name(row)}填报 {number(row['value'])}，按分子分母计算为 {formula}={computed:.4g}，"
        f"相差超过 {RATIO_TOLERANCE}；请核对指标值、分子和分母后重新报送"
    )


def _part_message(row: Row, header: str) -> str:
    return (
        f"{_name(row)}的分子 {number(row['numerator'])} 大于分母 {number(row['denominator'])}，部分不能大于整体；"
        "请核对两数是否填反，更正后重新报送"
    )


def _zero_message(row: Row, header: str) -> str:
    return (
        f"{_name(row)}的分母为 0，却填报了指标值“{shown(row['value_raw'])}”；"
        "请补填分母，本期无此业务的请清空指标值后重新报送"
    )


def _value_check(make, columns, description, rule_id, message, **options) -> Check:
    at = {"field": "value", "label": "指标值", "raw": "value_raw"} | options
    return Check(make, columns, description, rule_id=rule_id, message=message, **at)


def _at_least(column_a: str, column_b: str):
    return lambda gxe: gxe.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A=column_a, column_B=column_b, or_equal=True, ignore_row_if="either_value_is_missing"
    )


def suites() -> list[Suite]:
    """The suite of raw.indicator_values."""
    checks = (
        _value_check(
            _at_least("value", "low"),
            ("value", "low"),
            "指标值不低于允许范围下限",
            "V01",
            _range_message,
            quarantines=True,
        ),
        _value_check(
            _at_least("high", "value"),
            ("high", "value"),
            "指标值不高于允许范围上限",
            "V01",
            _range_message,
            quarantines=True,
        ),
        _value_check(
            _at_least("places_allowed", "places_written"),
            ("places_allowed", "places_written"),
            "小数位数不超过规定位数",
            "V04",
            _places_message,
        ),
        _value_check(
            lambda gxe: gxe.ExpectColumnValuesToBeInSet(column="fraction", value_set=[0]),
            ("fraction",),
            "小数位数为 0 的指标填整数",
            "V05",
            _integer_message,
        ),
        _value_check(
            lambda gxe: gxe.ExpectColumnValuesToBeBetween(
                column="ratio_gap", min_value=0, max_value=RATIO_TOLERANCE
            ),
            ("ratio_gap",),
            "指标值与分子、分母相符",
            "V06",
            _ratio_message,
        ),
        _value_check(
            _at_least("whole", "part"),
            ("whole", "part"),
            "分子不大于分母",
            "V07",
            _part_message,
            field="numerator",
            label="分子",
            raw="numerator_raw",
        ),
        _value_check(
            lambda gxe: gxe.ExpectColumnValuesToNotBeInSet(column="divisor", value_set=[0]),
            ("divisor",),
            "填报指标值的，分母不为 0",
            "V10",
            _zero_message,
            field="denominator",
            label="分母",
            raw="denominator_raw",
        ),
        *places("indicator_known"),
    )
    return [
        Suite(
            name="indicators",
            table="indicator_values",
            kind="indicators",
            entity=("indicator", "indicator_id"),
            prepared=_PREPARED,
            frame=SHEET_NO,
            checks=checks,
        )
    ]
