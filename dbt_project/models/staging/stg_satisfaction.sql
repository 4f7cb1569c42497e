-- Rows as loaded, without those an expectation quarantined.
select
    s.receipt_id,
    s.programme_id,
    s.period,
    s.reporter_id,
    s.path,
    s.sheet,
    s.row_number,
    {{ clean_text('s.respondent_group') }} as respondent_group,
    s.sample_raw,
    s.sample,
    s.satisfied_raw,
    s.satisfied,
    s.rate_raw,
    s.rate
from {{ source('raw', 'satisfaction') }} as s
left join {{ source('quality', 'raw_quarantine') }} as q
    on s.receipt_id = q.receipt_id and s.row_number = q.row_number and coalesce(s.sheet, '') = coalesce(q.sheet, '')
where q.receipt_id is null
