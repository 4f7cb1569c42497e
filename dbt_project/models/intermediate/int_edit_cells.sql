-- Every number an edit may look at: its range, its grid, and how much it costs to doubt it. Reliability weights after Fellegi
-- and Holt (1976): 1, less a tenth for every warning that speaks against the cell alone, not below 0.6.
{% set soft_rules = ['V02', 'V03', 'H02', 'H03', 'H04', 'H05', 'H06', 'Q04'] %}
with numbers as (
    select
        programme_id, period, reporter_id, indicator_id, 'value' as field, value, low, high, decimals, false as is_count
    from {{ ref('int_edit_operands') }}
    where value is not null
    {% for part in ['numerator', 'denominator'] %}
    union all

    select
        programme_id, period, reporter_id, indicator_id, '{{ part }}' as field, {{ part }} as value,
        case when {{ part }}_least >= 0 then 0.0 end as low, null as high, null as decimals,
        {{ part }}_is_count as is_count
    from {{ ref('int_edit_operands') }}
    where {{ part }} is not null
    {% endfor %}
),

-- a warning the county confirmed does not speak against it
warned as (
    select distinct programme_id, period, reporter_id, entity_id, field, rule_id
    from {{ ref('check_results') }}
    where status = 'fail' and entity_type = 'indicator' and rule_id in ('{{ soft_rules | join("', '") }}')
),

doubted as (
    select
        programme_id, period, reporter_id, entity_id, field,
        count(*) as warnings,
        {{ joined_text('rule_id', 'rule_id') }} as warning_rules
    from warned
    group by programme_id, period, reporter_id, entity_id, field
)

select
    n.programme_id,
    n.period,
    n.reporter_id,
    n.indicator_id,
    n.field,
    n.value,
    n.low,
    n.high,
    n.decimals,
    n.is_count,
    greatest(0.6, round(1.0 - 0.1 * coalesce(d.warnings, 0), 9)) as weight,
    d.warning_rules
from numbers as n
left join doubted as d
    on
        n.programme_id = d.programme_id
        and n.period = d.period
        and n.reporter_id = d.reporter_id
        and n.indicator_id = d.entity_id
        and n.field = d.field
