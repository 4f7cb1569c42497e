-- A survey belongs to its own period; rate is 0-100 as reported, else 100 x satisfied / sample where no rate was written
-- (one that was written and cannot be read stays null: nothing is put in its place).
select
    programme_id,
    period,
    reporter_id,
    {{ adapter.quote("group") }},
    {{ stored('sample') }} as sample,
    {{ stored('satisfied') }} as satisfied,
    {{ stored('coalesce(rate, case when rate_raw is null then 100.0 * ' ~ ratio('satisfied', 'sample') ~ ' end)') }} as rate,
    receipt_id
from (
    select
        rp.programme_id,
        rp.period,
        x.reporter_id,
        x.respondent_group as {{ adapter.quote("group") }},
        {{ last_known('x.sample', 'rp.receipt_seq') }} as sample,
        {{ last_known('x.satisfied', 'rp.receipt_seq') }} as satisfied,
        {{ last_known('x.rate', 'rp.receipt_seq') }} as rate,
        {{ last_known('x.rate_raw', 'rp.receipt_seq') }} as rate_raw,
        {{ last_known('rp.receipt_id', 'rp.receipt_seq') }} as receipt_id
    from {{ ref('stg_satisfaction') }} as x
    inner join {{ ref('int_receipt_periods') }} as rp on x.receipt_id = rp.receipt_id
    where rp.is_current and x.respondent_group is not null
    group by rp.programme_id, rp.period, x.reporter_id, x.respondent_group
) as latest
