-- unit: the canonical name; a name nobody is known by stays as written and has no unit_id (U01).
select
    r.programme_id,
    r.task_id,
    r.unit_name,
    u.unit_id,
    coalesce(u.name, {{ clean_text('r.unit_name') }}) as unit,
    r.role,
    r.row_number
from {{ source('raw', 'responsibilities') }} as r
left join {{ ref('stg_unit_names') }} as u
    on r.programme_id = u.programme_id and {{ unit_key('r.unit_name') }} = u.name_key
where r.unit_name is not null
