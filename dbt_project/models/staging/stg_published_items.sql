-- What the standing edition said of every task (value = progress_pct) and indicator.
select
    i.programme_id,
    i.period,
    i.reporter_id,
    i.component,
    i.item_id,
    i.state,
    i.light,
    i.value,
    i.completed_on,
    i.score
from {{ source('control', 'published_items') }} as i
inner join {{ ref('stg_editions') }} as e on i.programme_id = e.programme_id and i.period = e.period and i.revision = e.revision
where e.is_latest
