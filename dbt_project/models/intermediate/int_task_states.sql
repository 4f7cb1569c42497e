-- The state of every owed task of every reporter at every period, with light and score (section 7 of the contract).
-- Grain: programme, period, reporter, task. Place columns are those of the state row (the latest that counts).
with counted as (
    select
        rp.programme_id,
        rp.period,
        p.reporter_id,
        p.task_id,
        max(rp.receipt_seq) as state_seq,
        {{ last_known('rp.receipt_id', 'rp.receipt_seq') }} as state_receipt_id,
        {{ last_known('p.status', 'rp.receipt_seq') }} as status,
        {{ last_known('p.progress_pct', 'rp.receipt_seq') }} as progress_pct,
        {{ any_true('rp.is_current') }} as reported,
        {{ any_true('rp.is_current and p.summary is not null') }} as has_summary,
        {{ any_true('rp.is_current and p.status is not null') }} as has_status,
        {{ any_true('rp.is_current and p.progress_pct is not null') }} as has_progress
    from {{ ref('stg_progress') }} as p
    inner join {{ ref('int_receipt_periods') }} as rp on p.receipt_id = rp.receipt_id
    group by rp.programme_id, rp.period, p.reporter_id, p.task_id
),

quarters as (
    select *, lag(period) over (partition by programme_id order by period_seq) as previous_period
    from {{ ref('stg_periods') }}
),

states as (
    select
        q.programme_id,
        q.period,
        q.period_seq,
        q.period_end,
        o.reporter_id,
        t.task_id,
        t.special_id,
        t.weight,
        t.deadline_kind,
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
        coalesce(c.reported, false) as reported,
        coalesce(c.has_summary, false) as has_summary,
        coalesce(c.has_status, false) as has_status,
        coalesce(c.has_progress, false) as has_progress,
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
    from {{ ref('int_owed') }} as o
    inner join quarters as q on o.programme_id = q.programme_id
    inner join {{ ref('int_tasks') }} as t on o.programme_id = t.programme_id and o.item_id = t.task_id
    left join counted as c
        on
            q.programme_id = c.programme_id
            and q.period = c.period
            and o.reporter_id = c.reporter_id
            and o.item_id = c.task_id
    left join counted as before
        on
            q.programme_id = before.programme_id
            and q.previous_period = before.period
            and o.reporter_id = before.reporter_id
            and o.item_id = before.task_id
    left join {{ ref('stg_progress') }} as s
        on c.state_receipt_id = s.receipt_id and c.task_id = s.task_id
    left join {{ ref('stg_receipts') }} as r on s.receipt_id = r.receipt_id
    where o.item_type = 'task'
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
    deadline_kind,
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
    yellow_points,
    blue_days,
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
