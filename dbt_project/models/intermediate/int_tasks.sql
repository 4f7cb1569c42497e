-- One row per task: due dates, effective start, and its units by the rule of the contract
-- (lead_unit: role lead, else sole, else joint, else by_duty).
with units as (
    select programme_id, task_id, role, unit, min(row_number) as row_number
    from {{ ref('stg_responsibilities') }}
    group by programme_id, task_id, role, unit
),

ordered as (
    select
        *,
        case role when 'lead' then 1 when 'sole' then 2 when 'joint' then 3 when 'by_duty' then 4 end as priority,
        max(case when role = 'cooperate' then 1 else 0 end) over (partition by programme_id, task_id, unit) = 1
            as cooperates
    from units
),

prioritised as (
    select *, min(priority) over (partition by programme_id, task_id) as lead_priority
    from ordered
),

responsible as (
    select
        programme_id,
        task_id,
        min(case lead_priority when 1 then 'lead' when 2 then 'sole' when 3 then 'joint' when 4 then 'by_duty' end)
            as lead_role,
        sum(case when priority = lead_priority then 1 else 0 end) as lead_count,
        {{ joined_text('unit', 'row_number', 'priority = lead_priority') }} as lead_unit,
        {{ joined_text('unit', 'row_number', "role = 'cooperate'") }} as cooperating_units,
        {{ joined_text('unit', 'row_number', 'priority = lead_priority and cooperates') }} as overlapping_units
    from prioritised
    group by programme_id, task_id
),

due as (
    select
        programme_id,
        task_id,
        max(milestone_count) as milestone_count,
        min(due_date) as first_due,
        max(due_date) as last_due
    from {{ ref('stg_task_milestones') }}
    group by programme_id, task_id
)

select
    t.programme_id,
    t.task_id,
    t.seq,
    t.special_id,
    t.title,
    t.deadline_text,
    t.deadline_kind,
    t.ongoing,
    t.deadline_kind in ('ongoing', 'recurring') as sustained,
    coalesce(d.milestone_count, 0) as milestone_count,
    d.first_due,
    d.last_due,
    t.weight,
    t.start_given,
    coalesce(t.start_given, g.start_date) as start_date,
    r.lead_unit,
    r.lead_role,
    coalesce(r.lead_count, 0) as lead_count,
    r.cooperating_units,
    r.overlapping_units,
    t.position,
    t.row_number,
    concat_ws('', 'registry/', t.programme_id, '/tasks.csv') as path
from {{ ref('stg_tasks') }} as t
inner join {{ ref('stg_programmes') }} as g on t.programme_id = g.programme_id
left join responsible as r on t.programme_id = r.programme_id and t.task_id = r.task_id
left join due as d on t.programme_id = d.programme_id and t.task_id = d.task_id
