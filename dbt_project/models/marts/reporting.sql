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
),

-- everything that came, readable or not
came as (
    select r.programme_id, r.period, r.reporter_id, r.kind, count(*) as files,
        count(*) filter (where r.rejected) as files_rejected
    from {{ ref('stg_receipts') }} as r
    inner join {{ ref('stg_periods') }} as q
        on r.programme_id = q.programme_id and r.period = q.period and r.received_at <= q.as_of
    group by r.programme_id, r.period, r.reporter_id, r.kind
),

-- cells of a file that hold something nobody could read
unread as (
    select
        receipt_id,
        sum(
            case when status is null and {{ bare_text('status_raw') }} <> '' then 1 else 0 end
            + case when progress_pct is null and {{ bare_text('progress_raw') }} <> '' then 1 else 0 end
            + case when completed_on is null and {{ bare_text('completed_on_raw') }} <> '' then 1 else 0 end
        ) as cells
    from {{ ref('stg_progress') }}
    group by receipt_id
    union all
    select
        receipt_id,
        sum(
            case when value is null and answer <> 'blank' then 1 else 0 end
            + case when numerator is null and {{ bare_text('numerator_raw') }} <> '' then 1 else 0 end
            + case when denominator is null and {{ bare_text('denominator_raw') }} <> '' then 1 else 0 end
        ) as cells
    from {{ ref('stg_indicator_values') }}
    group by receipt_id
),

kept_out as (
    select receipt_id, count(*) as rows_quarantined
    from {{ ref('stg_quarantine') }}
    group by receipt_id
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
    a.last_receipt_id,
    coalesce(c.files, 0) as files_received,
    coalesce(c.files_rejected, 0) as files_rejected,
    a.first_received_at is not null as readable,
    case when n.cells_required > 0 then coalesce(n.cells_filled, 0) = n.cells_required end as complete,
    case
        when a.first_received_at is not null
            then coalesce(u.cells, 0) = 0 and coalesce(o.rows_quarantined, 0) = 0
    end as parseable,
    cast(case when a.first_received_at is not null then coalesce(u.cells, 0) end as bigint) as cells_unreadable,
    cast(case when a.first_received_at is not null then coalesce(o.rows_quarantined, 0) end as bigint) as rows_quarantined,
    g.start_date as valid_from,
    g.end_date as valid_to
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
left join came as c
    on
        q.programme_id = c.programme_id
        and q.period = c.period
        and r.reporter_id = c.reporter_id
        and k.kind = c.kind
left join unread as u on a.last_receipt_id = u.receipt_id
left join kept_out as o on a.last_receipt_id = o.receipt_id
inner join {{ ref('stg_programmes') }} as g on q.programme_id = g.programme_id
