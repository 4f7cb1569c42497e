-- Lines of confirmations.csv that confirm nothing.
{% set lines %}(
    select *, cast(null as string) as receipt_id, 'confirmations.csv' as path, cast(null as string) as sheet
    from {{ ref('stg_confirmations') }}
){% endset %}
{{ check_rows(
    rule='Q02',
    index=lines,
    entity=("'file'", "'confirmations.csv'"),
    period='case when programme_id is not null then period end',
    reporter='case when programme_id is not null then reporter_id end',
    fails='problem is not null',
    field="'rule_id'",
    raw_value='rule_id',
    message="concat_ws('', '确认登记无效：', problem)"
) }}
