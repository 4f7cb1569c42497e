-- Which files count in which period: received by its as-of, for it or an earlier one.
select
    q.programme_id,
    q.period,
    q.period_seq,
    r.receipt_id,
    r.reporter_id,
    r.kind,
    r.receipt_seq,
    r.received_at,
    r.received_on,
    own.period_seq = q.period_seq as is_current,
    own.period_seq = q.period_seq - 1 as is_previous
from {{ ref('stg_receipts') }} as r
inner join {{ ref('stg_periods') }} as own on r.programme_id = own.programme_id and r.period = own.period
inner join {{ ref('stg_periods') }} as q on r.programme_id = q.programme_id
where
    own.period_seq <= q.period_seq
    and r.received_at <= q.as_of
    and not r.rejected
