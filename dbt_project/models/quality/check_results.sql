-- What every rule said over its index: fail and confirmed row by row with the message, pass, not_evaluable and not_applicable
-- counted per rule, programme, period, reporter and type of entity (``places``).
with judged as (
    select
        rule_id, programme_id, period, reporter_id, entity_type, entity_id, part, receipt_id, path, sheet, row_number,
        field, raw_value, status, message, parameters, places
    from {{ ref('int_check_outcomes') }}
    union all
    select
        rule_id, programme_id, period, reporter_id, entity_type, entity_id, part, receipt_id, path, sheet, row_number,
        field, raw_value, status, message, parameters, 1 as places
    from {{ ref('int_check__q01_fire_rate') }}
)

select
    j.rule_id,
    j.programme_id,
    j.period,
    j.reporter_id,
    j.entity_type,
    j.entity_id,
    j.part,
    j.receipt_id,
    j.path,
    j.sheet,
    j.row_number,
    j.field,
    j.raw_value,
    case when j.status = 'fail' and c.rule_id is not null then 'confirmed' else j.status end as status,
    j.message,
    j.parameters,
    r.severity,
    r.owner,
    r.version as rule_version,
    j.places
from judged as j
left join {{ ref('check_rules') }} as r on j.rule_id = r.rule_id
left join {{ ref('stg_confirmations') }} as c
    on
        c.counts
        and j.status = 'fail'
        and j.rule_id = c.rule_id
        and j.programme_id = c.programme_id
        and j.period = c.period
        and j.reporter_id = c.reporter_id
        and j.entity_id = c.entity_id
