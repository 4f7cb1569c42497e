-- Reporter x task pairs per unit and role; distinct_* count tasks. Cancelled tasks are in no total.
with tasks as (
    select
        programme_id,
        period,
        task_id,
        count(*) as tasks_total,
        count(*) filter (where first_due <= period_end) as tasks_due,
        count(*) filter (where completed) as tasks_completed,
        count(*) filter (where light = 'red') as tasks_overdue
    from {{ ref('int_task_states') }}
    where not cancelled
    group by programme_id, period, task_id
),

units as (
    select distinct programme_id, task_id, unit_id, unit, role
    from {{ ref('stg_responsibilities') }}
)

select
    t.programme_id,
    t.period,
    u.unit_id,
    u.unit as unit_name,
    u.role,
    cast(sum(t.tasks_total) as bigint) as tasks_total,
    cast(sum(t.tasks_due) as bigint) as tasks_due,
    cast(sum(t.tasks_completed) as bigint) as tasks_completed,
    cast(sum(t.tasks_overdue) as bigint) as tasks_overdue,
    count(*) as distinct_tasks,
    count(*) filter (where t.tasks_overdue > 0) as distinct_tasks_overdue
from tasks as t
inner join units as u on t.programme_id = u.programme_id and t.task_id = u.task_id
group by t.programme_id, t.period, u.unit_id, u.unit, u.role
