-- One row per reporter, period and kind that can be owed. The first readable version decides lateness.
with kinds as (
    select 'progress' as kind
    union all
    select 'indicators' as kind
),

needed as (
    select
        programme_id,
        period,
        reporter_id,
        'progress' as kind,
        count(*) as items_owed,
        3 * count(*) filter (where not completed and not cancelled) as cells_required,
        sum(case when has_status then 1 else 0 end + case when has_progress then 1 else 0 end
            + case when has_summary then 1 else 0 end)
            filter (where not completed and not cancelled) as cells_filled
    from {{ ref('int_task_states') }}
    group by programme_id, period, reporter_id
    union all
    select
        programme_id,
        period,
        reporter_id,
        'indicators' as kind,
        count(*) filter (where state <> 'not_applicable') as items_owed,
        count(*) filter (where state <> 'not_applicable') as cells_required,
        count(*) filter (where state <> 'not_applicable' and value is not null) as cells_filled
    from {{ ref('int_indicator_states') }}
    group by programme_id, period, reporter_id
),

arrived as (
    select
        programme_id,
        period,
        reporter_id,
        kind,
        count(*) as versions,
        min(received_at) as first_received_at,
        min(received_on) as first_received_on,
        {{ first_known('receipt_id', 'receipt_seq') }} as first_receipt_id,
        {{ last_known('receipt_id', 'receipt_seq') }} as last_receipt_id
    from {{ ref('int_receipt_periods') }}
    where is_current
    group by programme_id, period, reporter_id, kind
)

select
    q.programme_id,
    q.period,
    r.reporter_id,
    k.kind,
    coalesce(n.items_owed, 0) > 0 as owed,
    a.first_received_at is not null as received,
    coalesce(a.first_received_at <= q.cutoff_at, false) as on_time,
    a.first_received_at,
    case
        when a.first_received_at <= q.cutoff_at then 0
        else {{ days_between('q.cutoff_on', 'a.first_received_on') }}
    end as days_late,
    coalesce(cast(n.cells_required as bigint), 0) as cells_required,
    coalesce(cast(n.cells_filled as bigint), 0) as cells_filled,
    {{ stored(ratio('coalesce(n.cells_filled, 0)', 'n.cells_required')) }} as completeness,
    coalesce(a.versions, 0) as versions,
    a.first_received_on,
    a.first_receipt_id,
    a.last_receipt_id
from {{ ref('stg_periods') }} as q
inner join {{ ref('stg_reporters') }} as r on q.programme_id = r.programme_id
cross join kinds as k
left join needed as n
    on
        q.programme_id = n.programme_id
        and q.period = n.period
        and r.reporter_id = n.reporter_id
        and k.kind = n.kind
left join arrived as a
    on
        q.programme_id = a.programme_id
        and q.period = a.period
        and r.reporter_id = a.reporter_id
        and k.kind = a.kind
