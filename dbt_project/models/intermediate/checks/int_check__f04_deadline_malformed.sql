{% set message %}
    concat_ws('', '完成时限“', deadline_text, '”不是有效日期，未推定时限，本任务不计分')
{% endset %}
{{ check_rows(
    rule='F04',
    index=ref('int_tasks'),
    entity=("'task'", 'task_id'),
    registry='tasks.csv',
    applies='deadline_text is not null',
    fails="deadline_kind = 'malformed'",
    field="'deadline_text'",
    raw_value='deadline_text',
    message=message
) }}
