{{ config(meta={'dagster': {'ref': {'name': 'ranking'}}}) }}
-- 1224, counted another way than by rank(): everybody strictly better stands before, everybody strictly worse behind.
with levels as (
    select programme_id, period, {{ rank_key('total_score') }} as level, count(*) as reporters
    from {{ ref('ranking') }}
    where ranked
    group by programme_id, period, {{ rank_key('total_score') }}
),

placed as (
    select
        programme_id,
        period,
        level,
        sum(reporters) over (partition by programme_id, period order by level desc) - reporters as better,
        sum(reporters) over (partition by programme_id, period order by level) - reporters as worse
    from levels
)

select k.programme_id, k.period, k.reporter_id, k.rank, p.better
from {{ ref('ranking') }} as k
left join placed as p
    on k.programme_id = p.programme_id and k.period = p.period and {{ rank_key('k.total_score') }} = p.level
where
    (k.ranked and (k.rank <> p.better + 1 or k.rank_from_end <> p.worse + 1 or k.reason is not null))
    or (not k.ranked and (k.rank is not null or k.group_rank is not null or k.list is not null or k.reason is null))
    or k.rank_change <> k.previous_rank - k.rank
