{% set message %}
    concat_ws('', '逾期 ', days_overdue, ' 天：应于 ', due_date, ' 前完成，当前进度 ', {{ number_text('progress_pct') }}, '%')
{% endset %}
{{ check_rows(
    rule='T07',
    index=ref('int_task_states'),
    entity=("'task'", 'task_id'),
    applies='has_milestones and not cancelled',
    fails="light = 'red'",
    field="'status'",
    raw_value='status_raw',
    message=message
) }}
