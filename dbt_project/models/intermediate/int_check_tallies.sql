-- What the rules said where nothing failed: rows of the index counted per rule, programme, period, reporter, type and status, and which
-- things they were: items of the registry as bits of a word (int_item_bits), anything else by entity_id and part, with bit 1.
-- Rows of entities go in here once; who counts rules and who counts things (int_check_outcomes, scorecard) read this.
select
    c.rule_id,
    c.programme_id,
    c.period,
    c.reporter_id,
    c.entity_type,
    c.status,
    i.word,
    case when i.bit is null then c.entity_id end as entity_id,
    case when i.bit is null then c.part end as part,
    bit_or(coalesce(i.bit, 1)) as bits,
    count(*) as places
from {{ ref('int_check_rows') }} as c
left join {{ ref('int_item_bits') }} as i
    on c.programme_id = i.programme_id and c.entity_type = i.entity_type and c.entity_id = i.entity_id and c.part is null
where c.status <> 'fail'
group by
    c.rule_id, c.programme_id, c.period, c.reporter_id, c.entity_type, c.status, i.word,
    case when i.bit is null then c.entity_id end, case when i.bit is null then c.part end
