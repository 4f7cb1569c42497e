-- What a published quarter said, scored by the present scheme: the difference to the published score is the effect of the method
-- (research/methods.md section 6). Grain: programme, period, reporter, task or indicator. An item the scheme has dropped since is
-- out; one that it has gained has no published facts.
with indicators as (
    select
        p.programme_id, p.period, p.reporter_id, p.item_id, p.state, p.value, i.exponent, s.method, s.worst, s.frontier,
        s.baseline, s.target, s.polarity, s.direction
    from {{ ref('stg_published_items') }} as p
    inner join {{ ref('int_indicator_states') }} as s
        on
            p.programme_id = s.programme_id
            and p.period = s.period
            and p.reporter_id = s.reporter_id
            and p.item_id = s.indicator_id
    inner join {{ ref('stg_indicators') }} as i on s.programme_id = i.programme_id and s.indicator_id = i.indicator_id
    where p.component = 'indicator'
),

tasks as (
    select
        p.programme_id, p.period, p.reporter_id, p.item_id, p.state, p.light, p.completed_on, p.score,
        case when p.state = 'completed' then 100.0 else coalesce(p.value, 0.0) end as progress_pct,
        t.milestone_count, t.start_date, t.last_due, q.period_end, q.late_per_day, q.late_floor, q.overdue_cap,
        t.sustained or (t.milestone_count > 0 and t.ongoing and coalesce(p.state, '') = 'completed') as sustained
    from {{ ref('stg_published_items') }} as p
    inner join {{ ref('stg_periods') }} as q on p.programme_id = q.programme_id and p.period = q.period
    inner join {{ ref('int_owed') }} as o
        on p.programme_id = o.programme_id and p.reporter_id = o.reporter_id and o.item_type = 'task' and p.item_id = o.item_id
    inner join {{ ref('int_tasks') }} as t on p.programme_id = t.programme_id and p.item_id = t.task_id
    where p.component = 'task' and coalesce(p.state, '') <> 'cancelled'
),

stepped as (
    select *, {{ milestone_at('progress_pct', 'milestone_count') }} as milestone_no
    from tasks
),

timed as (
    select
        s.*,
        m.due_date,
        {{ expected_share('s.milestone_no', 's.milestone_count', 's.start_date', 'm.due_date', 's.period_end') }} as expected,
        {{ days_between('s.last_due', 's.completed_on') }} as days_late
    from stepped as s
    left join {{ ref('stg_task_milestones') }} as m
        on s.programme_id = m.programme_id and s.item_id = m.task_id and s.milestone_no = m.milestone_no
)

select
    programme_id,
    period,
    reporter_id,
    'indicator' as component,
    item_id,
    case
        when method is null or state = 'not_applicable' then null
        when state in ('no_practice', 'not_submitted') then 0.0
        else {{ indicator_value_score('value') }}
    end as score
from indicators

union all

select
    programme_id,
    period,
    reporter_id,
    'task' as component,
    item_id,
    case
        -- whether there was a summary only its published score tells
        when sustained then case when light = 'green' then 100.0 else 0.0 end
        when milestone_count = 0 then null
        when state = 'completed' then {{ completed_score('days_late', 'late_floor', 'late_per_day') }}
        else {{ open_score('progress_pct < 100 and due_date <= period_end', 'progress_pct', 'expected', 'overdue_cap') }}
    end as score
from timed
