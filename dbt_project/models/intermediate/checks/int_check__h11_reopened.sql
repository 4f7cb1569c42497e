{% set message %}
    concat_ws('', '上期已完成，本期改为“', coalesce(status_raw, ''), '”')
{% endset %}
{{ check_rows(
    rule='H11',
    index=ref('int_task_states'),
    entity=("'task'", 'task_id'),
    applies='reported',
    evaluable='previous_progress_pct is not null',
    fails="previous_status = 'completed' and not completed",
    field="'status'",
    raw_value='status_raw',
    message=message
) }}
