-- Counts and unrounded scores per programme, period, reporter and special. Cancelled tasks are in no total; a reporter that is the
-- sum of its sub-units has their sums and weighted means.
{% set task_counts = [
    'tasks_total', 'tasks_due', 'tasks_completed', 'tasks_completed_late', 'tasks_overdue', 'tasks_behind', 'tasks_due_soon',
    'tasks_reported', 'tasks_finally_due', 'tasks_on_time',
] %}
{% set indicator_counts = [
    'indicators_applicable', 'indicators_answered', 'indicators_with_target', 'indicators_attained',
] %}
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
),

own as (
    select
        q.programme_id,
        q.period,
        r.reporter_id,
        s.special_id,
        {% for name in task_counts %}coalesce(t.{{ name }}, 0) as {{ name }}, {% endfor %}
        {% for name in indicator_counts %}coalesce(i.{{ name }}, 0) as {{ name }}, {% endfor %}
        i.improvement_pct,
        t.task_score,
        i.indicator_score
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
),

-- sub-units are scored first, then weighted: averaging their values first is wrong where one is beyond a cap
rolled_up as (
    select
        o.programme_id,
        o.period,
        u.parent_id as reporter_id,
        o.special_id,
        {% for name in task_counts + indicator_counts %}cast(sum(o.{{ name }}) as bigint) as {{ name }}, {% endfor %}
        avg(o.improvement_pct) as improvement_pct,
        {{ weighted_mean('o.task_score', 'u.weight') }} as task_score,
        {{ weighted_mean('o.indicator_score', 'u.weight') }} as indicator_score
    from own as o
    inner join {{ ref('int_sub_units') }} as u on o.programme_id = u.programme_id and o.reporter_id = u.reporter_id
    group by o.programme_id, o.period, u.parent_id, o.special_id
),

everybody as (
    select o.*
    from own as o
    where not exists (
        select 1
        from {{ ref('int_sub_units') }} as u
        where u.programme_id = o.programme_id and u.parent_id = o.reporter_id
    )
    union all
    select * from rolled_up
)

select
    e.programme_id,
    e.period,
    q.period_seq,
    e.reporter_id,
    e.special_id,
    s.weight,
    {% for name in task_counts + indicator_counts %}e.{{ name }}, {% endfor %}
    e.improvement_pct,
    e.task_score,
    e.indicator_score,
    {{ joined_components(
        'e.task_score', 'q.weight_tasks', 'e.indicator_score', 'q.weight_indicators', 'q.aggregation'
    ) }} as score
from everybody as e
inner join {{ ref('stg_periods') }} as q on e.programme_id = q.programme_id and e.period = q.period
inner join {{ ref('stg_specials') }} as s on e.programme_id = s.programme_id and e.special_id = s.special_id
