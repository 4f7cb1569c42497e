{% set message %}
    concat_ws(
        '',
        name, '是累计指标，由上期 ', {{ number_text('previous_value', 6) }}, ' 降为 ', {{ number_text('value', 6) }}
    )
{% endset %}
{{ check_rows(
    rule='H02',
    index=ref('int_indicator_states'),
    entity=("'indicator'", 'indicator_id'),
    applies="state = 'value' and " ~ cumulated_base('name') ~ " is not null and " ~ period_quarter('period') ~ " > 1",
    evaluable='previous_value is not null',
    fails='round(value - previous_value, 9) < 0',
    field="'value'",
    raw_value='value_raw',
    message=message
) }}
