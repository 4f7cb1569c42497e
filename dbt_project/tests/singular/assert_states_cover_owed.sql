{{ config(meta={'dagster': {'ref': {'name': 'int_owed'}}}) }}
-- Every owed task and indicator has exactly one state per period.
with expected as (
    select o.programme_id, q.period, o.item_type, count(*) as lines
    from {{ ref('int_owed') }} as o
    inner join {{ ref('stg_periods') }} as q on o.programme_id = q.programme_id
    group by o.programme_id, q.period, o.item_type
),

found as (
    select programme_id, period, 'task' as item_type, count(*) as lines
    from {{ ref('task_status') }} group by programme_id, period
    union all
    select programme_id, period, 'indicator' as item_type, count(*) as lines
    from {{ ref('indicator_scores') }} group by programme_id, period
)

select e.programme_id, e.period, e.item_type, e.lines as expected, f.lines as found
from expected as e
full outer join found as f
    on e.programme_id = f.programme_id and e.period = f.period and e.item_type = f.item_type
where coalesce(e.lines, 0) <> coalesce(f.lines, 0)
