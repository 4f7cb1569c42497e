-- What every known version of a registry said, one line per version, item, part and field; values are text.
select
    h.programme_id, h.seq, v.is_current, h.item_type, h.item_id, h.part, h.field, h.value, h.row_number
from {{ source('raw', 'registry_history') }} as h
inner join {{ source('raw', 'registry_versions') }} as v on h.programme_id = v.programme_id and h.seq = v.seq
