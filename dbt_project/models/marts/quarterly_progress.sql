{% set columns %}
    programme_id, period, reporter_id, special_id, tasks_total, tasks_due, tasks_completed, tasks_completed_late,
    tasks_overdue, tasks_behind, tasks_due_soon, tasks_reported, tasks_finally_due, tasks_on_time, task_score
{% endset %}
with lines as (
    select {{ columns }} from {{ ref('int_special_scores') }}
    union all
    select {{ columns | replace('special_id', "'ALL' as special_id") }} from {{ ref('int_reporter_scores') }}
)

select
    l.programme_id,
    l.period,
    l.reporter_id,
    l.special_id,
    tasks_total,
    tasks_due,
    tasks_completed,
    tasks_completed_late,
    tasks_overdue,
    tasks_behind,
    tasks_due_soon,
    tasks_reported,
    {{ stored(ratio('tasks_completed', 'tasks_total')) }} as completion_rate,
    {{ stored(ratio('tasks_on_time', 'tasks_finally_due')) }} as on_time_rate,
    {{ stored('task_score') }} as task_score,
    tasks_finally_due,
    tasks_on_time,
    u.parent_id is not null as is_sum
from lines as l
left join (select distinct programme_id, parent_id from {{ ref('int_sub_units') }}) as u
    on l.programme_id = u.programme_id and l.reporter_id = u.parent_id
