{% set message %}
    concat_ws('', '牵头单位“', overlapping_units, '”同时列为配合单位')
{% endset %}
{{ check_rows(
    rule='T03',
    index=ref('int_tasks'),
    entity=("'task'", 'task_id'),
    registry='tasks.csv',
    applies='lead_unit is not null',
    fails='overlapping_units is not null',
    raw_value='overlapping_units',
    message=message
) }}
