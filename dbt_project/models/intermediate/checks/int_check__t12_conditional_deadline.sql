{% set message %}
    concat_ws('', '时限“', deadline_text, '”无法考核，本任务不计分')
{% endset %}
{{ check_rows(
    rule='T12',
    index=ref('int_tasks'),
    entity=("'task'", 'task_id'),
    registry='tasks.csv',
    applies='deadline_text is not null',
    fails="deadline_kind = 'conditional_text'",
    field="'deadline_text'",
    raw_value='deadline_text',
    message=message
) }}
