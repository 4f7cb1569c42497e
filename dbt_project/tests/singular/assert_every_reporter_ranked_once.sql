{{ config(meta={'dagster': {'ref': {'name': 'ranking'}}}) }}
-- One line per reporter of the registry and period of the programme, no more and no less.
select e.programme_id, e.period, e.reporter_id, count(k.reporter_id) as lines
from (
    select q.programme_id, q.period, r.reporter_id
    from {{ ref('stg_periods') }} as q
    inner join {{ ref('stg_reporters') }} as r on q.programme_id = r.programme_id
) as e
full outer join {{ ref('ranking') }} as k
    on e.programme_id = k.programme_id and e.period = k.period and e.reporter_id = k.reporter_id
group by e.programme_id, e.period, e.reporter_id
having count(k.reporter_id) <> 1 or e.reporter_id is null
