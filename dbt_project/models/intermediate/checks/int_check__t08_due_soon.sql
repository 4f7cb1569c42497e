{% set message %}
    concat_ws('', '临近时限：', due_date, ' 到期，当前进度 ', {{ number_text('progress_pct') }}, '%')
{% endset %}
{{ check_rows(
    rule='T08',
    index=ref('int_task_states'),
    entity=("'task'", 'task_id'),
    applies='has_milestones and not cancelled',
    fails="light = 'blue' and progress_pct < 100",
    field="'progress_pct'",
    raw_value='progress_raw',
    message=message
) }}
