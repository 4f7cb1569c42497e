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
    d.receipt_id is not null as duplicated
from {{ source('raw', 'indicator_values') }} as s
left join (
    select distinct receipt_id, entity_id from {{ source('raw', 'findings') }} where rule_id = 'K01'
) as d
    on s.receipt_id = d.receipt_id and s.indicator_id = d.entity_id
left join {{ source('quality', 'raw_quarantine') }} as q
    on s.receipt_id = q.receipt_id and s.row_number = q.row_number and coalesce(s.sheet, '') = coalesce(q.sheet, '')
where q.receipt_id is null
