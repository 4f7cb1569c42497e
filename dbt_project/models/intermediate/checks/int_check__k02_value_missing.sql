{% set message %}
    concat('应报未报：', name)
{% endset %}
{{ check_rows(
    rule='K02',
    index=ref('int_indicator_states'),
    entity=("'indicator'", 'indicator_id'),
    applies="state <> 'not_applicable'",
    evaluable='cutoff_passed',
    fails="state = 'not_submitted'",
    field="'value'",
    raw_value='value_raw',
    message=message
) }}
