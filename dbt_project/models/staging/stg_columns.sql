-- The header every value came from, one row per receipt, sheet and field.
select receipt_id, coalesce(sheet, '') as sheet, field, min(column_name) as column_name
from {{ source('raw', 'columns') }}
group by receipt_id, coalesce(sheet, ''), field
