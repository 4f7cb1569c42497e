{% set message %}
    concat_ws(
        '',
        '滞后序时进度 ', {{ number_text('-lead_points', 1) }}, ' 个百分点：当前 ', {{ number_text('progress_pct') }},
        '%，序时应达 ', {{ number_text('expected_pct', 1) }}, '%'
    )
{% endset %}
{{ check_rows(
    rule='T09',
    index=ref('int_task_states'),
    entity=("'task'", 'task_id'),
    applies='has_milestones and not sustained and not cancelled',
    fails="light = 'yellow'",
    field="'progress_pct'",
    raw_value='progress_raw',
    message=message
) }}
