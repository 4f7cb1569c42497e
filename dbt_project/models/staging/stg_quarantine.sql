-- One line per row kept out, by the reader or by an expectation (the first reason leads, all messages stand).
with kept_out as (
    select receipt_id, path, sheet, row_number, row_json, rule_id, message, 1 as stage
    from {{ source('raw', 'quarantine') }}
    union all
    select receipt_id, path, sheet, row_number, row_json, rule_id, message, 2 as stage
    from {{ source('quality', 'raw_quarantine') }}
)

select
    receipt_id,
    min(path) as path,
    sheet,
    row_number,
    min(row_json) as row_json,
    min(rule_id) as rule_id,
    {{ joined_text('message', 'stage, rule_id, message', separator='；') }} as message,
    min(stage) as stage
from kept_out
group by receipt_id, sheet, row_number
