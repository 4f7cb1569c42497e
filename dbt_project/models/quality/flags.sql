-- Every open finding. What a county confirmed is in confirmed_flags.
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
    rule_version
from {{ ref('int_findings') }}
where confirmed_by is null
