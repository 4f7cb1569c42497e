select
    s.programme_id,
    s.period,
    s.reporter_id,
    s.task_id,
    t.title,
    s.special_id,
    t.lead_unit,
    t.cooperating_units,
    s.due_date,
    s.days_overdue,
    {{ stored('s.progress_pct') }} as progress_pct,
    s.summary as last_summary,
    s.receipt_id
from {{ ref('int_task_states') }} as s
inner join {{ ref('int_tasks') }} as t on s.programme_id = t.programme_id and s.task_id = t.task_id
where s.light = 'red'
