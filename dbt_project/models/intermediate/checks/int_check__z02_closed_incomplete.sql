{% set message %}
    concat_ws(
        '',
        '整改事项 ', issue_id, ' 已销号，但缺',
        case when closed_on is null and measures is null then '销号日期和整改措施'
            when closed_on is null then '销号日期' else '整改措施' end
    )
{% endset %}
{{ check_rows(
    rule='Z02',
    index=ref('rectification'),
    entity=("'task'", 'issue_id'),
    applies="reported and status = 'completed'",
    fails='closed_on is null or measures is null',
    field="case when closed_on is null then 'closed_on' else 'measures' end",
    raw_value='case when closed_on is null then closed_on_raw end',
    message=message
) }}
