select receipt_id, path, sheet, row_number, row_json, rule_id, message
from {{ ref('stg_quarantine') }}
