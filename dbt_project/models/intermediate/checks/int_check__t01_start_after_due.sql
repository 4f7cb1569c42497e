{% set message %}
    concat_ws('', '开始日期 ', start_date, ' 晚于完成时限 ', first_due)
{% endset %}
{{ check_rows(
    rule='T01',
    index=ref('int_tasks'),
    entity=("'task'", 'task_id'),
    registry='tasks.csv',
    applies='first_due is not null',
    fails='start_date > first_due',
    field="'start_date'",
    raw_value='start_date',
    message=message
) }}
