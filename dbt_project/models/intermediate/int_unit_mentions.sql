-- Every place of the registry where a unit is named, with the unit meant (null: nobody is known by that name).
select
    programme_id,
    'responsibilities.csv' as file,
    'unit_name' as field,
    unit_name,
    unit_id,
    row_number
from {{ ref('stg_responsibilities') }}

union all

select s.programme_id, 'specials.csv' as file, 'lead_unit' as field, s.lead_unit as unit_name, u.unit_id, s.row_number
from {{ ref('stg_specials') }} as s
left join {{ ref('stg_unit_names') }} as u
    on s.programme_id = u.programme_id and {{ unit_key('s.lead_unit') }} = u.name_key
where s.lead_unit is not null
