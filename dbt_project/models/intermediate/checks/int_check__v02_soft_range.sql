{% set message %}
    concat_ws(
        '',
        name, ' ', {{ number_text('value', 6) }}, ' 超出通常范围 ', {{ number_text('0.2 * least(frontier, worst)', 6) }}, '–',
        {{ number_text('1.5 * greatest(frontier, worst)', 6) }}
    )
{% endset %}
{{ check_rows(
    rule='V02',
    index=ref('int_indicator_states'),
    entity=("'indicator'", 'indicator_id'),
    applies="state = 'value' and frontier is not null and worst is not null",
    fails='value < round(0.2 * least(frontier, worst), 9) or value > round(1.5 * greatest(frontier, worst), 9)',
    field="'value'",
    raw_value='value_raw',
    message=message
) }}
