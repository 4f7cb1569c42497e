-- The latest known state of every issue; measures and closing date are those of its latest row. A day is over at its
-- 24:00, so an open issue due on period_end is overdue by 0 days.
with counted as (
    select
        rp.programme_id,
        rp.period,
        x.reporter_id,
        x.issue_id,
        {{ last_known('x.issue', 'rp.receipt_seq') }} as issue,
        {{ last_known('x.origin', 'rp.receipt_seq') }} as origin,
        {{ last_known('x.units', 'rp.receipt_seq') }} as units,
        {{ last_known('x.due', 'rp.receipt_seq') }} as due_date,
        {{ last_known('x.status', 'rp.receipt_seq') }} as status,
        {{ any_true('rp.is_current') }} as reported,
        {{ any_true("x.status = 'completed'") }} as was_closed,
        {{ last_known('rp.receipt_id', 'rp.receipt_seq') }} as receipt_id
    from {{ ref('stg_rectification') }} as x
    inner join {{ ref('int_receipt_periods') }} as rp on x.receipt_id = rp.receipt_id
    where x.issue_id is not null
    group by rp.programme_id, rp.period, x.reporter_id, x.issue_id
)

select
    c.programme_id,
    c.period,
    c.issue_id,
    c.reporter_id,
    c.issue,
    c.origin,
    c.units,
    x.measures,
    c.due_date,
    c.status,
    case when c.status = 'completed' then x.closed_on end as closed_on,
    case
        when coalesce(c.status, '') not in ('completed', 'cancelled') and c.due_date <= q.period_end
            then {{ days_between('c.due_date', 'q.period_end') }}
    end as days_overdue,
    c.was_closed and c.status <> 'completed' as reopened,
    c.reported,
    c.receipt_id,
    x.path,
    x.sheet,
    x.row_number,
    x.due_raw,
    x.closed_on_raw
from counted as c
inner join {{ ref('stg_periods') }} as q on c.programme_id = q.programme_id and c.period = q.period
inner join {{ ref('stg_rectification') }} as x on c.receipt_id = x.receipt_id and c.issue_id = x.issue_id
