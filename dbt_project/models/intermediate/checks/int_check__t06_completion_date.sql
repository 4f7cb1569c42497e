{% set message %}
    case
        when row_completed_on < start_date
            then concat_ws('', '完成日期 ', row_completed_on, ' 早于开始日期 ', start_date)
        else concat_ws('', '完成日期 ', row_completed_on, ' 晚于填报日期 ', coalesce(row_reported_on, received_on))
    end
{% endset %}
{{ check_rows(
    rule='T06',
    index=ref('int_task_states'),
    entity=("'task'", 'task_id'),
    applies='reported and completed and row_completed_on is not null',
    fails='row_completed_on > coalesce(row_reported_on, received_on) or row_completed_on < start_date',
    field="'completed_on'",
    raw_value='completed_on_raw',
    message=message
) }}
