-- Findings of the readers and of the expectations, messages complete.
select
    rule_id, programme_id, period, reporter_id, entity_type, entity_id, receipt_id, path, sheet, row_number,
    column_name, raw_value, message
from {{ source('raw', 'findings') }}
union all
select
    rule_id, programme_id, period, reporter_id, entity_type, entity_id, receipt_id, path, sheet, row_number,
    column_name, raw_value, message
from {{ source('quality', 'raw_findings') }}
