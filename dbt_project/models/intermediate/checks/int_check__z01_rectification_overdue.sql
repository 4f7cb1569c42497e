{% set message %}
    concat_ws('', '整改事项 ', issue_id, ' 逾期 ', days_overdue, ' 天未销号：期限 ', due_date)
{% endset %}
{{ check_rows(
    rule='Z01',
    index=ref('rectification'),
    entity=("'task'", 'issue_id'),
    applies='due_date is not null',
    fails='days_overdue is not null',
    field="'due'",
    raw_value='due_raw',
    message=message
) }}
