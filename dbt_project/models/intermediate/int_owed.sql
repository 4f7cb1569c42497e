-- Who owes what: one row per reporter and task or indicator. An item without an assignment is owed by everybody; a reporter
-- that is the sum of its sub-units owes nothing itself.
with items as (
    select programme_id, 'task' as item_type, task_id as item_id from {{ ref('stg_tasks') }}
    union all
    select programme_id, 'indicator' as item_type, indicator_id as item_id from {{ ref('stg_indicators') }}
),

owing as (
    select r.programme_id, r.reporter_id
    from {{ ref('stg_reporters') }} as r
    where not exists (
        select 1 from {{ ref('int_sub_units') }} as u where u.programme_id = r.programme_id and u.parent_id = r.reporter_id
    )
),

assigned as (
    select distinct programme_id, item_type, item_id from {{ ref('stg_assignments') }}
)

select i.programme_id, r.reporter_id, i.item_type, i.item_id
from items as i
inner join owing as r on i.programme_id = r.programme_id
left join assigned as a
    on i.programme_id = a.programme_id and i.item_type = a.item_type and i.item_id = a.item_id
where a.item_id is null

union all

select i.programme_id, r.reporter_id, i.item_type, i.item_id
from items as i
inner join {{ ref('stg_assignments') }} as a
    on i.programme_id = a.programme_id and i.item_type = a.item_type and i.item_id = a.item_id
inner join owing as r
    on a.programme_id = r.programme_id and a.reporter_id = r.reporter_id
