select
    r.programme_id,
    r.period,
    r.reporter_id,
    r.rank,
    r.total_score,
    r.list
from {{ source('control', 'published_ranks') }} as r
inner join {{ ref('stg_editions') }} as e on r.programme_id = e.programme_id and r.period = e.period and r.revision = e.revision
where e.is_latest
