{{ config(meta={'dagster': {'ref': {'name': 'ranking'}}}) }}
-- Totals and ranks are computed twice, in SQL (ranking) and as arrays (rank_changes): they must be the same.
select r.programme_id, r.period, r.reporter_id, r.total_score, c.score, r.rank, c.rank as rank_as_arrays
from {{ ref('ranking') }} as r
left join {{ ref('rank_changes') }} as c
    on r.programme_id = c.programme_id and r.period = c.period and r.reporter_id = c.reporter_id
where r.ranked and not coalesce(abs(r.total_score - c.score) <= 1e-8 and r.rank = c.rank, false)
