{{ config(meta={'dagster': {'ref': {'name': 'quarterly_progress'}}}) }}
-- The ALL line is the sum of the specials, and both are what stands in task_status (for the sum of sub-units: of theirs).
{% set counts = ['tasks_total', 'tasks_completed', 'tasks_overdue', 'tasks_behind', 'tasks_due_soon', 'tasks_reported'] %}
with specials as (
    select programme_id, period, reporter_id{% for c in counts %}, sum({{ c }}) as {{ c }}{% endfor %}

    from {{ ref('quarterly_progress') }}
    where special_id <> 'ALL'
    group by programme_id, period, reporter_id
),

tasks as (
    select
        s.programme_id,
        s.period,
        coalesce(u.parent_id, s.reporter_id) as reporter_id,
        count(*) as tasks_total,
        count(*) filter (where status = 'completed') as tasks_completed,
        count(*) filter (where light = 'red') as tasks_overdue,
        count(*) filter (where light = 'yellow') as tasks_behind,
        count(*) filter (where light = 'blue') as tasks_due_soon,
        count(*) filter (where reported) as tasks_reported
    from {{ ref('task_status') }} as s
    left join (
        select programme_id, parent_id, reporter_id from {{ ref('int_sub_units') }}
        union all
        select programme_id, reporter_id, reporter_id from {{ ref('int_sub_units') }}
    ) as u on s.programme_id = u.programme_id and s.reporter_id = u.reporter_id
    where coalesce(s.status, '') <> 'cancelled'
    group by s.programme_id, s.period, coalesce(u.parent_id, s.reporter_id)
)

select a.programme_id, a.period, a.reporter_id
from {{ ref('quarterly_progress') }} as a
left join specials as s
    on a.programme_id = s.programme_id and a.period = s.period and a.reporter_id = s.reporter_id
left join tasks as t
    on a.programme_id = t.programme_id and a.period = t.period and a.reporter_id = t.reporter_id
where
    a.special_id = 'ALL'
    and (
        {% for c in counts %}
        a.{{ c }} <> coalesce(s.{{ c }}, 0) or a.{{ c }} <> coalesce(t.{{ c }}, 0){{ ' or' if not loop.last }}
        {% endfor %}
    )
