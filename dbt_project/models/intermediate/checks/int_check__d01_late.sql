{% set lines %}(
    select
        r.*, f.receipt_id, f.path, cast(null as string) as sheet, cast(null as bigint) as row_number, q.cutoff_on,
        arrived.workday_no - due.workday_no as workdays_late
    from {{ ref('reporting') }} as r
    inner join {{ ref('stg_periods') }} as q on r.programme_id = q.programme_id and r.period = q.period
    left join {{ ref('stg_receipts') }} as f on r.first_receipt_id = f.receipt_id
    left join {{ ref('stg_calendar') }} as arrived on r.first_received_on = arrived.day
    left join {{ ref('stg_calendar') }} as due on q.cutoff_on = due.day
){% endset %}
{% set message %}
    concat_ws(
        '',
        '迟报', case when workdays_late is not null then concat_ws('', ' ', workdays_late, ' 个工作日') else '' end,
        '（', days_late, ' 天）：',
        {{ kind_text('kind') }}, '首份可读文件 ', {{ moment_text('first_received_at') }}, ' 收到，截止日 ', cutoff_on
    )
{% endset %}
{{ check_rows(
    rule='D01',
    index=lines,
    entity=("'reporter'", 'reporter_id'),
    applies='owed and received',
    fails='not on_time',
    raw_value=moment_text('first_received_at'),
    part='kind',
    message=message
) }}
