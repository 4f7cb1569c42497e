{% set message %}
    concat('指标“', name, '”已核定为不适用，却填报了 ', {{ number_text('sent_value', 6) }}, '，该值不计分')
{% endset %}
{{ check_rows(
    rule='K03',
    index=ref('int_indicator_states'),
    entity=("'indicator'", 'indicator_id'),
    applies="state = 'not_applicable'",
    fails='sent_value is not null',
    field="'value'",
    raw_value='value_raw',
    message=message
) }}
