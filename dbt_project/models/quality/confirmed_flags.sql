-- Warnings and information a county confirmed (confirmations.csv): not asked again, and not forgotten.
select
    flag_id,
    rule_id,
    level,
    severity,
    programme_id,
    period,
    reporter_id,
    entity_type,
    entity_id,
    path,
    sheet,
    row_number,
    column_name,
    raw_value,
    message,
    receipt_id,
    owner,
    rule_version,
    note,
    confirmed_by
from {{ ref('int_findings') }}
where confirmed_by is not null
