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
    s.answer,
    s.numerator_raw,
    s.numerator,
    s.denominator_raw,
    s.denominator,
    {{ clean_text('s.unit') }} as unit,
    {{ clean_text('s.note') }} as note,
    {{ clean_text('s.source') }} as source,
    -- the file gave this indicator twice: the first row stays (K01), but nobody knows which one was meant
    exists (
        select 1
        from {{ source('raw', 'findings') }} as f
        where f.rule_id = 'K01' and f.receipt_id = s.receipt_id and f.entity_id = s.indicator_id
    ) as duplicated
from {{ source('raw', 'indicator_values') }} as s
where not exists (
    select 1
    from {{ source('quality', 'raw_quarantine') }} as q
    where
        q.receipt_id = s.receipt_id
        and q.row_number = s.row_number
        and coalesce(q.sheet, '') = coalesce(s.sheet, '')
)
