{% set message %}
    concat_ws('', '指标 ', indicator_id, ' 对填报主体 ', reporter_id, ' 登记为不适用，没有写明经批准的理由')
{% endset %}
{{ check_rows(
    rule='K04',
    index=ref('stg_applicability'),
    entity=("'indicator'", 'indicator_id'),
    registry='applicability.csv',
    applies="state = 'not_applicable'",
    fails=bare_text('reason') ~ " in ('', '无', '-', '--', '—', '——', '/', '不适用')",
    field="'reason'",
    raw_value='reason',
    part='reporter_id',
    message=message
) }}
