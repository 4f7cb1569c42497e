-- Every rule at every row of its index: pass, fail, confirmed, not_evaluable or not_applicable; what failed carries the message.
with judged as (
    select * from {{ ref('int_check_rows') }}
    union all
    select
        rule_id, programme_id, period, reporter_id, entity_type, entity_id, part, receipt_id, path, sheet, row_number,
        field, raw_value, status, message, parameters
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
    r.version as rule_version
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
