-- What the rules said where nothing failed: rows of the index counted per rule, programme, period, reporter, type and status; and of what
-- was looked at which things they were: items of the registry as bits of a word (int_item_bits), anything else by entity_id and part, with
-- bit 1. At national size these are fifty million rows, of which int_check_outcomes (how many) and scorecard (which) both want the sum.
with unfailed as (
    select
        rule_id, programme_id, period, reporter_id, entity_type, status,
        case when status <> 'not_applicable' then entity_id end as entity_id,
        case when status <> 'not_applicable' then part end as part
    from {{ ref('int_check_rows') }}
    where status <> 'fail'
),

placed as (
    select
        c.rule_id, c.programme_id, c.period, c.reporter_id, c.entity_type, c.status, i.word,
        case when i.bit is null then c.entity_id end as entity_id,
        case when i.bit is null then c.part end as part,
        coalesce(i.bit, 1) as bit
    from unfailed as c
    left join {{ ref('int_item_bits') }} as i
        on c.programme_id = i.programme_id and c.entity_type = i.entity_type and c.entity_id = i.entity_id and c.part is null
)

select
    rule_id, programme_id, period, reporter_id, entity_type, status, word, entity_id, part,
    bit_or(bit) as bits,
    count(*) as places
from placed
group by rule_id, programme_id, period, reporter_id, entity_type, status, word, entity_id, part
