-- The state of every owed task of every reporter at every period, with light and score (section 7 of the contract).
-- Grain: programme, period, reporter, task. Place columns are those of the state row (the latest that counts).
with quarters as (
    select *, lag(period) over (partition by programme_id order by period_seq) as previous_period
    from {{ ref('stg_periods') }}
),

latest_files as (
    select
        programme_id, period, reporter_id,
        max_by(receipt_id, receipt_seq) as receipt_id,
        max_by(is_current, receipt_seq) as is_current
    from {{ ref('int_receipt_periods') }}
    where kind = 'progress'
    group by programme_id, period, reporter_id
),

-- what the latest file says of a task; where it leaves nothing blank, no earlier one is asked: at national size the grouping of all
-- files of all quarters cost as much as everything else here
latest as (
    select
        q.programme_id, q.period, o.reporter_id, o.item_id as task_id,
        f.is_current, p.receipt_id, p.status, p.progress_pct,
        p.status is not null and p.progress_pct is not null and p.summary is not null as is_complete
    from {{ ref('int_owed') }} as o
    inner join quarters as q on o.programme_id = q.programme_id
    left join latest_files as f
        on q.programme_id = f.programme_id and q.period = f.period and o.reporter_id = f.reporter_id
    left join {{ ref('stg_progress') }} as p
        on f.receipt_id = p.receipt_id and o.item_id = p.task_id
    where o.item_type = 'task'
),

-- grouped, for then a database knows that they are few and looks them up in the files, not the files in them
incomplete as (
    select programme_id, period, reporter_id, task_id
    from latest
    where not is_complete
    group by programme_id, period, reporter_id, task_id
),

-- the few others by all files that count
carried as (
    select
        l.programme_id, l.period, l.reporter_id, l.task_id,
        {{ last_known('rp.receipt_id', 'rp.receipt_seq') }} as receipt_id,
        {{ last_known('p.status', 'rp.receipt_seq') }} as status,
        {{ last_known('p.progress_pct', 'rp.receipt_seq') }} as progress_pct,
        {{ any_true('rp.is_current') }} as reported,
        {{ any_true('rp.is_current and p.summary is not null') }} as has_summary,
        {{ any_true('rp.is_current and p.status is not null') }} as has_status,
        {{ any_true('rp.is_current and p.progress_pct is not null') }} as has_progress
    from incomplete as l
    inner join {{ ref('int_receipt_periods') }} as rp
        on l.programme_id = rp.programme_id and l.period = rp.period and l.reporter_id = rp.reporter_id
    inner join {{ ref('stg_progress') }} as p
        on rp.receipt_id = p.receipt_id and l.task_id = p.task_id
    group by l.programme_id, l.period, l.reporter_id, l.task_id
),

counted as (
    select
        l.programme_id, l.period, l.reporter_id, l.task_id,
        case when l.is_complete then l.receipt_id else c.receipt_id end as state_receipt_id,
        case when l.is_complete then l.status else c.status end as status,
        case when l.is_complete then l.progress_pct else c.progress_pct end as progress_pct,
        case when l.is_complete then l.is_current else coalesce(c.reported, false) end as reported,
        case when l.is_complete then l.is_current else coalesce(c.has_summary, false) end as has_summary,
        case when l.is_complete then l.is_current else coalesce(c.has_status, false) end as has_status,
        case when l.is_complete then l.is_current else coalesce(c.has_progress, false) end as has_progress
    from latest as l
    left join carried as c
        on
            l.programme_id = c.programme_id
            and l.period = c.period
            and l.reporter_id = c.reporter_id
            and l.task_id = c.task_id
),

states as (
    select
        q.programme_id,
        q.period,
        q.period_seq,
        q.period_end,
        c.reporter_id,
        t.task_id,
        t.special_id,
        t.weight,
        t.milestone_count,
        t.milestone_count > 0 as has_milestones,
        t.sustained or (t.milestone_count > 0 and t.ongoing and coalesce(c.status, '') = 'completed') as sustained,
        t.start_date,
        t.first_due,
        t.last_due,
        q.late_per_day,
        q.late_floor,
        q.overdue_cap,
        q.yellow_points,
        q.blue_days,
        c.status,
        coalesce(c.status, '') = 'completed' as completed,
        coalesce(c.status, '') = 'cancelled' as cancelled,
        case
            when c.status = 'completed' then 100.0
            else {{ clamp('coalesce(c.progress_pct, 0.0)', 0, 100) }}
        end as progress_pct,
        -- by the short rows: a window over these, texts and all, costs more than everything else here
        before.status as previous_status,
        case
            when q.previous_period is null then null
            when before.status = 'completed' then 100.0
            else {{ clamp('coalesce(before.progress_pct, 0.0)', 0, 100) }}
        end as previous_progress_pct,
        c.reported,
        c.has_summary,
        c.has_status,
        c.has_progress,
        s.receipt_id,
        s.path,
        s.sheet,
        s.row_number,
        s.status_raw,
        s.progress_raw,
        s.progress_pct as row_progress_pct,
        s.completed_on_raw,
        s.completed_on as row_completed_on,
        s.reported_on as row_reported_on,
        r.received_on,
        s.summary,
        s.evidence
    from counted as c
    inner join quarters as q on c.programme_id = q.programme_id and c.period = q.period
    inner join {{ ref('int_tasks') }} as t on c.programme_id = t.programme_id and c.task_id = t.task_id
    left join counted as before
        on
            q.programme_id = before.programme_id
            and q.previous_period = before.period
            and c.reporter_id = before.reporter_id
            and c.task_id = before.task_id
    left join {{ ref('stg_progress') }} as s
        on c.state_receipt_id = s.receipt_id and c.task_id = s.task_id
    left join {{ ref('stg_receipts') }} as r on s.receipt_id = r.receipt_id
),

-- k: the first unmet milestone, the last one when none is
stepped as (
    select
        *,
        coalesce(row_reported_on, received_on) as last_reported_on,
        case when completed then coalesce(row_completed_on, row_reported_on, received_on) end as completed_on,
        not completed and progress_pct < 100 as unmet,
        case
            when completed then milestone_count
            else {{ milestone_at('progress_pct', 'milestone_count') }}
        end as milestone_no
    from states
),

timed as (
    select
        s.*,
        m.due_date,
        {{ expected_share('s.milestone_no', 's.milestone_count', 's.start_date', 'm.due_date', 's.period_end') }} as expected,
        coalesce(s.has_milestones and s.unmet and m.due_date <= s.period_end, false) as past_due
    from stepped as s
    left join {{ ref('stg_task_milestones') }} as m
        on
            s.programme_id = m.programme_id
            and s.task_id = m.task_id
            and s.milestone_no = m.milestone_no
),

-- floating noise: the lead is compared after rounding to 9 decimals
lit as (
    select
        *,
        case when has_milestones then round(progress_pct - 100.0 * expected, 9) end as lead_points,
        {{ days_between('last_due', 'completed_on') }} as days_late,
        case
            when cancelled or not (sustained or has_milestones) then 'none'
            when sustained then case when has_summary then 'green' else 'yellow' end
            when completed then 'green'
            when past_due then 'red'
            when round(progress_pct - 100.0 * expected, 9) < yellow_points then 'yellow'
            when
                {{ days_between('period_end', 'due_date') }} > 0
                and {{ days_between('period_end', 'due_date') }} <= blue_days
                then 'blue'
            else 'green'
        end as light
    from timed
)

select
    programme_id,
    period,
    period_seq,
    period_end,
    reporter_id,
    task_id,
    special_id,
    weight,
    has_milestones,
    sustained,
    start_date,
    first_due,
    last_due,
    due_date,
    milestone_no,
    milestone_count,
    status,
    completed,
    cancelled,
    reported,
    has_status,
    has_progress,
    has_summary,
    progress_pct,
    100.0 * expected as expected_pct,
    lead_points,
    completed_on,
    last_reported_on,
    light,
    case when light = 'red' then {{ days_between('due_date', 'period_end') }} end as days_overdue,
    coalesce(has_milestones and completed and not cancelled and days_late > 0, false) as completed_late,
    case
        when light = 'none' then null
        when sustained then case when has_summary then 100.0 else 0.0 end
        when completed then {{ completed_score('days_late', 'late_floor', 'late_per_day') }}
        else {{ open_score("light = 'red'", 'progress_pct', 'expected', 'overdue_cap') }}
    end as score,
    previous_progress_pct,
    previous_status,
    receipt_id,
    path,
    sheet,
    row_number,
    status_raw,
    progress_raw,
    row_progress_pct,
    completed_on_raw,
    row_completed_on,
    row_reported_on,
    received_on,
    summary,
    evidence
from lit
