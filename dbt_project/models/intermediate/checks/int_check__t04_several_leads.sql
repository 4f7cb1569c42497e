{% set message %}
    concat_ws('', '有 ', lead_count, ' 个牵头单位：', lead_unit)
{% endset %}
{{ check_rows(
    rule='T04',
    index=ref('int_tasks'),
    entity=("'task'", 'task_id'),
    registry='tasks.csv',
    applies="lead_role in ('lead', 'sole')",
    fails='lead_count > 1',
    raw_value='lead_unit',
    message=message
) }}
