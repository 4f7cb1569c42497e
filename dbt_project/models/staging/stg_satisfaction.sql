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
where not exists (
    select 1
    from {{ source('quality', 'raw_quarantine') }} as q
    where
        q.receipt_id = s.receipt_id
        and q.row_number = s.row_number
        and coalesce(q.sheet, '') = coalesce(s.sheet, '')
)
