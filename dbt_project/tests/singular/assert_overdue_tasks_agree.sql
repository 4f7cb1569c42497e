{{ config(meta={'dagster': {'ref': {'name': 'overdue_tasks'}}}) }}
-- The overdue list holds exactly the red tasks.
select s.programme_id, s.period, s.reporter_id, s.task_id, o.days_overdue
from {{ ref('task_status') }} as s
full outer join {{ ref('overdue_tasks') }} as o
    on
        s.programme_id = o.programme_id
        and s.period = o.period
        and s.reporter_id = o.reporter_id
        and s.task_id = o.task_id
where (s.light = 'red' and o.task_id is null) or (o.task_id is not null and coalesce(s.light, '') <> 'red')
