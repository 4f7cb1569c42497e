{% set most, rows = 0.4, 10 %}
{% set message %}
    concat_ws(
        '',
        '规则 ', judged_rule, ' 在本期 ', evaluated, ' 处检查中触发 ', failed, ' 处（', {{ number_text('100 * fire_rate', 1) }}, '%）'
    )
{% endset %}
{% set stats %}(
    select s.*, s.rule_id as judged_rule from {{ ref('rule_stats') }} as s
){% endset %}
{{ check_rows(
    rule='Q01',
    index=stats,
    entity=("'programme'", 'programme_id'),
    place='none',
    reporter='null',
    evaluable='evaluated >= ' ~ rows,
    fails='fire_rate > ' ~ most,
    raw_value='judged_rule',
    part='judged_rule',
    parameters="'fire_rate_max=" ~ most ~ "; rows_min=" ~ rows ~ "'",
    message=message
) }}
