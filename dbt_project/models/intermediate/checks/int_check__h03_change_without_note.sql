{% set message %}
    concat_ws(
        '',
        name, '由上期 ', {{ number_text('previous_value', 6) }}, ' 变为 ', {{ number_text('value', 6) }}, '，变动 ',
        {{ number_text('100 * abs(value - previous_value) / abs(previous_value)', 1) }}, '%，没有说明'
    )
{% endset %}
{{ check_rows(
    rule='H03',
    index=ref('int_indicator_states'),
    entity=("'indicator'", 'indicator_id'),
    applies="state = 'value'",
    evaluable='previous_value is not null and previous_value <> 0',
    fails='note is null and round(abs(value - previous_value) / abs(previous_value), 9) > 0.3',
    field="'value'",
    raw_value='value_raw',
    message=message
) }}
