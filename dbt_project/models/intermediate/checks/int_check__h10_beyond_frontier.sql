{% set message %}
    concat_ws(
        '',
        name, '由上期 ', {{ number_text('previous_value', 6) }}, ' 变为 ', {{ number_text('value', 6) }}, '，一季内越过前沿值 ',
        {{ number_text('frontier', 6) }}
    )
{% endset %}
{{ check_rows(
    rule='H10',
    index=ref('int_indicator_states'),
    entity=("'indicator'", 'indicator_id'),
    applies="state = 'value' and frontier is not null",
    evaluable='previous_value is not null',
    fails='direction * previous_value < direction * frontier and direction * value > direction * frontier',
    field="'value'",
    raw_value='value_raw',
    message=message
) }}
