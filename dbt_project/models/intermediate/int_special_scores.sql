-- Counts and unrounded scores per programme, period, reporter and special. Cancelled tasks are in no total.
with tasks as (
    select
        programme_id,
        period,
        reporter_id,
        special_id,
        count(*) as tasks_total,
        count(*) filter (where first_due <= period_end) as tasks_due,
        count(*) filter (where completed) as tasks_completed,
        count(*) filter (where completed_late) as tasks_completed_late,
        count(*) filter (where light = 'red') as tasks_overdue,
        count(*) filter (where light = 'yellow') as tasks_behind,
        count(*) filter (where light = 'blue') as tasks_due_soon,
        count(*) filter (where reported) as tasks_reported,
        count(*) filter (where last_due <= period_end) as tasks_finally_due,
        count(*) filter (where last_due <= period_end and completed and not completed_late) as tasks_on_time,
        {{ weighted_mean('score', 'weight') }} as task_score
    from {{ ref('int_task_states') }}
    where not cancelled
    group by programme_id, period, reporter_id, special_id
),

indicators as (
    select
        programme_id,
        period,
        reporter_id,
        special_id,
        count(*) filter (where state <> 'not_applicable') as indicators_applicable,
        count(*) filter (where state in ('value', 'no_practice')) as indicators_answered,
        count(*) filter (where attained is not null) as indicators_with_target,
        count(*) filter (where attained) as indicators_attained,
        avg(improvement_pct) as improvement_pct,
        {{ weighted_mean('score', 'weight') }} as indicator_score
    from {{ ref('int_indicator_states') }}
    group by programme_id, period, reporter_id, special_id
)

select
    q.programme_id,
    q.period,
    q.period_seq,
    r.reporter_id,
    s.special_id,
    s.weight,
    coalesce(t.tasks_total, 0) as tasks_total,
    coalesce(t.tasks_due, 0) as tasks_due,
    coalesce(t.tasks_completed, 0) as tasks_completed,
    coalesce(t.tasks_completed_late, 0) as tasks_completed_late,
    coalesce(t.tasks_overdue, 0) as tasks_overdue,
    coalesce(t.tasks_behind, 0) as tasks_behind,
    coalesce(t.tasks_due_soon, 0) as tasks_due_soon,
    coalesce(t.tasks_reported, 0) as tasks_reported,
    coalesce(t.tasks_finally_due, 0) as tasks_finally_due,
    coalesce(t.tasks_on_time, 0) as tasks_on_time,
    coalesce(i.indicators_applicable, 0) as indicators_applicable,
    coalesce(i.indicators_answered, 0) as indicators_answered,
    coalesce(i.indicators_with_target, 0) as indicators_with_target,
    coalesce(i.indicators_attained, 0) as indicators_attained,
    i.improvement_pct,
    t.task_score,
    i.indicator_score,
    {{ combined('t.task_score', 'q.weight_tasks', 'i.indicator_score', 'q.weight_indicators') }} as score
from {{ ref('stg_periods') }} as q
inner join {{ ref('stg_reporters') }} as r on q.programme_id = r.programme_id
inner join {{ ref('stg_specials') }} as s on q.programme_id = s.programme_id
left join tasks as t
    on
        q.programme_id = t.programme_id
        and q.period = t.period
        and r.reporter_id = t.reporter_id
        and s.special_id = t.special_id
left join indicators as i
    on
        q.programme_id = i.programme_id
        and q.period = i.period
        and r.reporter_id = i.reporter_id
        and s.special_id = i.special_id
