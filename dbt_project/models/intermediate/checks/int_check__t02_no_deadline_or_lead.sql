{% set message %}
    case
        when deadline_kind = 'blank' and lead_unit is null then '缺完成时限，也没有牵头单位'
        when deadline_kind = 'blank' then '缺完成时限，本任务不计分'
        else '没有牵头单位'
    end
{% endset %}
{{ check_rows(
    rule='T02',
    index=ref('int_tasks'),
    entity=("'task'", 'task_id'),
    registry='tasks.csv',
    fails="deadline_kind = 'blank' or lead_unit is null",
    field="case when deadline_kind = 'blank' then 'deadline_text' end",
    message=message
) }}
