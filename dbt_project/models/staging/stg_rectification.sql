-- Rows as loaded, without those an expectation quarantined.
select
    s.receipt_id,
    s.programme_id,
    s.period,
    s.reporter_id,
    s.path,
    s.sheet,
    s.row_number,
    {{ clean_text('s.issue_id') }} as issue_id,
    {{ clean_text('s.issue') }} as issue,
    {{ clean_text('s.origin') }} as origin,
    {{ clean_text('s.units') }} as units,
    {{ clean_text('s.measures') }} as measures,
    s.due_raw,
    s.due,
    s.status_raw,
    s.status,
    s.closed_on_raw,
    s.closed_on
from {{ source('raw', 'rectification') }} as s
left join {{ source('quality', 'raw_quarantine') }} as q
    on s.receipt_id = q.receipt_id and s.row_number = q.row_number and coalesce(s.sheet, '') = coalesce(q.sheet, '')
where q.receipt_id is null
