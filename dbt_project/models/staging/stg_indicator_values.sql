-- Rows as loaded, without those an expectation quarantined.
select
    s.receipt_id,
    s.programme_id,
    s.period,
    s.reporter_id,
    s.path,
    s.sheet,
    s.row_number,
    s.indicator_key,
    s.indicator_id,
    {{ clean_text('s.name') }} as name,
    s.value_raw,
    s.value,
    {{ answer_kind('s.value_raw', 's.value') }} as answer,
    s.numerator_raw,
    s.numerator,
    s.denominator_raw,
    s.denominator,
    {{ clean_text('s.unit') }} as unit,
    {{ clean_text('s.note') }} as note,
    {{ clean_text('s.source') }} as source
from {{ source('raw', 'indicator_values') }} as s
where not exists (
    select 1
    from {{ source('quality', 'raw_quarantine') }} as q
    where
        q.receipt_id = s.receipt_id
        and q.row_number = s.row_number
        and coalesce(q.sheet, '') = coalesce(s.sheet, '')
)
