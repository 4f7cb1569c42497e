-- Published editions that stood at the as-of of their quarter: a run --as-of an earlier moment knows none.
select
    e.programme_id,
    e.period,
    e.revision,
    e.edition,
    e.data_cut,
    e.revision = max(e.revision) over (partition by e.programme_id, e.period) as is_latest
from {{ source('control', 'editions') }} as e
inner join {{ source('control', 'periods') }} as q on e.programme_id = q.programme_id and e.period = q.period
where e.data_cut <= q.as_of
