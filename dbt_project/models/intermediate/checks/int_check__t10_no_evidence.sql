{% set message %}
    '已完成，但没有佐证材料'
{% endset %}
{{ check_rows(
    rule='T10',
    index=ref('int_task_states'),
    entity=("'task'", 'task_id'),
    applies='reported and completed',
    fails='evidence is null',
    field="'evidence'",
    message=message
) }}
