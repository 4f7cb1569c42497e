-- Specials with the weight that counts: blank weights share what the given ones leave of 1. A special that only a
-- task or an indicator names keeps its tasks in the totals; it has no name of its own.
with listed as (
    {{ first_lines(source('raw', 'specials'), ['programme_id', 'special_id']) }}
),

named as (
    select programme_id, special_id from {{ source('raw', 'tasks') }} where special_id is not null
    union
    select programme_id, special_id from {{ source('raw', 'indicators') }} where special_id is not null
),

every_special as (
    select programme_id, special_id, name, weight, lead_unit, seq, row_number from listed
    union all
    select n.programme_id, n.special_id, n.special_id, null, null, null, null
    from named as n
    where not exists (
        select 1 from listed as l where l.programme_id = n.programme_id and l.special_id = n.special_id
    )
)

select
    programme_id,
    special_id,
    name,
    lead_unit,
    seq,
    row_number,
    weight as weight_given,
    coalesce(
        weight,
        greatest(1.0 - coalesce(sum(weight) over (partition by programme_id), 0.0), 0.0)
        / nullif(sum(case when weight is null then 1 else 0 end) over (partition by programme_id), 0)
    ) as weight
from every_special
