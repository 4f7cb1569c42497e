{% set message %}
    concat_ws('', '进度由上期 ', {{ number_text('previous_progress_pct') }}, '% 降为 ', {{ number_text('progress_pct') }}, '%')
{% endset %}
{{ check_rows(
    rule='H01',
    index=ref('int_task_states'),
    entity=("'task'", 'task_id'),
    applies='reported',
    evaluable='previous_progress_pct is not null',
    fails='progress_pct < previous_progress_pct',
    field="'progress_pct'",
    raw_value='progress_raw',
    message=message
) }}
