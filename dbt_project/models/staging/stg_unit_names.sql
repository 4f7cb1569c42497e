-- Every name a unit is known by; a name two units share means the first one in the file.
select programme_id, name_key, min(known_name) as known_name, unit_id, name
from (
    select
        programme_id, known_name, unit_id, name,
        {{ unit_key('known_name') }} as name_key,
        min(unit_id) over (partition by programme_id, {{ unit_key('known_name') }}) as first_unit_id
    from {{ source('raw', 'unit_names') }}
) as keyed
where unit_id = first_unit_id
group by programme_id, name_key, unit_id, name
