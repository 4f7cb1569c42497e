{% set message %}
    '持续推进任务，本期没有进展说明，本期记 0 分'
{% endset %}
{{ check_rows(
    rule='T14',
    index=ref('int_task_states'),
    entity=("'task'", 'task_id'),
    applies='sustained and not cancelled',
    fails='not has_summary',
    field="'summary'",
    message=message
) }}
