{{ config(meta={'dagster': {'ref': {'name': 'rank_changes'}}}) }}
-- The items behind a change of score sum to the part it owes to the reporter itself.
select c.programme_id, c.period, c.reporter_id, c.score_own, sum(i.contribution) as contributions
from {{ ref('rank_changes') }} as c
left join {{ ref('score_change_items') }} as i
    on c.programme_id = i.programme_id and c.period = i.period and c.reporter_id = i.reporter_id
where c.score_change is not null
group by c.programme_id, c.period, c.reporter_id, c.score_own
having abs(coalesce(sum(i.contribution), 0) - c.score_own) > 1e-8
