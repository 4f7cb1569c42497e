-- Value / median of all reporters within 5 % of a usual factor between units, or its inverse.
{% set states %}(
    select s.*, c.values_given, c.median_value, s.value / nullif(c.median_value, 0) as factor
    from {{ ref('int_indicator_states') }} as s
    left join {{ ref('int_indicator_cohorts') }} as c
        on s.programme_id = c.programme_id and s.period = c.period and s.indicator_id = c.indicator_id
){% endset %}
{% set slips %}
    {% for unit_factor in unit_factors() %}
    {{ is_unit_slip('factor', unit_factor) }}{{ ' or' if not loop.last }}
    {% endfor %}
{% endset %}
{% set message %}
    concat_ws(
        '',
        name, ' ', {{ number_text('value', 6) }}, '，各填报主体中位数 ', {{ number_text('median_value', 6) }},
        '，疑似单位错误（天、小时、百分比）'
    )
{% endset %}
{{ check_rows(
    rule='V03',
    index=states,
    entity=("'indicator'", 'indicator_id'),
    applies="state = 'value'",
    evaluable='values_given >= 3 and median_value <> 0',
    fails=slips,
    field="'value'",
    raw_value='value_raw',
    message=message
) }}
