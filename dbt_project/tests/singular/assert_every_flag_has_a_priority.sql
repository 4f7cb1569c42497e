{{ config(meta={'dagster': {'ref': {'name': 'priorities'}}}) }}
-- Every open finding stands in the order of work once, and the order has no holes.
select f.flag_id
from {{ ref('flags') }} as f
left join {{ ref('priorities') }} as p on f.flag_id = p.flag_id
where p.flag_id is null

union all

select min(flag_id) as flag_id
from {{ ref('priorities') }}
group by programme_id, period
having max(priority) <> count(*) or count(distinct priority) <> count(*)
