-- Rows as loaded, without those an expectation quarantined.
select
    s.receipt_id,
    s.programme_id,
    s.period,
    s.reporter_id,
    s.path,
    s.sheet,
    s.row_number,
    s.task_key,
    s.task_id,
    {{ clean_text('s.title') }} as title,
    s.status_raw,
    s.status,
    s.progress_raw,
    s.progress_pct,
    s.completed_on_raw,
    s.completed_on,
    {{ clean_text('s.summary') }} as summary,
    {{ clean_text('s.problems') }} as problems,
    {{ clean_text('s.evidence') }} as evidence,
    s.reported_on_raw,
    s.reported_on,
    {{ clean_text('s.reported_by') }} as reported_by
from {{ source('raw', 'progress') }} as s
left join {{ source('quality', 'raw_quarantine') }} as q
    on s.receipt_id = q.receipt_id and s.row_number = q.row_number and coalesce(s.sheet, '') = coalesce(q.sheet, '')
where q.receipt_id is null
