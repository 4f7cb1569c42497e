{% set message %}
    concat_ws('', name, '本期 ', {{ number_text('value', 6) }}, '，差于基期 ', {{ number_text('baseline', 6) }})
{% endset %}
{{ check_rows(
    rule='I09',
    index=ref('int_indicator_states'),
    entity=("'indicator'", 'indicator_id'),
    applies="state = 'value' and baseline is not null",
    fails='direction * value < direction * baseline',
    field="'value'",
    raw_value='value_raw',
    message=message
) }}
