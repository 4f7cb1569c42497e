{% set contradicts %}
    (completed and row_progress_pct < 100)
    or (
        completed_on_raw is null
        and (completed or (row_progress_pct >= 100 and not sustained and coalesce(status, '') <> 'ongoing'))
    )
{% endset %}
{% set message %}
    case
        when completed and row_progress_pct < 100
            then concat_ws('', '状态为已完成，进度却是 ', {{ number_text('row_progress_pct') }}, '%')
        when completed then '状态为已完成，却没有完成日期'
        else '进度为 100%，却没有完成日期'
    end
{% endset %}
{{ check_rows(
    rule='T05',
    index=ref('int_task_states'),
    entity=("'task'", 'task_id'),
    applies='reported',
    fails=contradicts,
    field="case when row_progress_pct < 100 then 'progress_pct' else 'completed_on' end",
    raw_value='case when row_progress_pct < 100 then progress_raw else completed_on_raw end',
    message=message
) }}
