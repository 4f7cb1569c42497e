-- Sub-units whose scores make their parent's: only where the programme rolls them up. A parent owes nothing itself.
select
    r.programme_id,
    r.parent_id,
    r.reporter_id,
    {{ filled_weight('r.weight', 'r.programme_id, r.parent_id') }} as weight
from {{ ref('stg_reporters') }} as r
inner join {{ ref('stg_programmes') }} as g on r.programme_id = g.programme_id
where g.sub_units = 'roll_up' and r.parent_id is not null
