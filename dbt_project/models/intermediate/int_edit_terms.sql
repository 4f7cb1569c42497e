-- The rules that relate numbers, as data: one row per cell of an edit. Which cells belong together and whether all of them are
-- known is what the rules themselves say (V08, V09 and Q03: their rule views; V06, V07, V10: macros/edits.sql).
--     eq     |sum of coefficient · cell - constant| <= tolerance
--     le     sum of coefficient · cell <= constant + tolerance
--     ratio  value = coefficient of the numerator · numerator / denominator within tolerance, never over a denominator of 0
-- period and head_* name the row of the rule; cell_period, reporter_id, indicator_id and field the cell.
{% set key = ['rule_id', 'period', 'head_reporter_id', 'head_indicator_id', 'part'] %}
with ratios as (
    select
        case when denominator = 0 then 'V10' else 'V06' end as rule_id, 'ratio' as kind, *
    from {{ ref('int_edit_operands') }}
    where
        value is not null
        and denominator >= 0
        and factor > 0
        and (numerator is not null or denominator = 0)
),

-- a part above a whole of 0 under a value is V10, said once
parts as (
    select
        case when denominator = 0 and value is not null then 'V10' else 'V07' end as rule_id, 'le' as kind, *
    from {{ ref('int_edit_operands') }}
    where is_share and numerator is not null and denominator is not null
),

of_rows as (
    {% for source, fields in [('ratios', ['value', 'numerator', 'denominator']), ('parts', ['numerator', 'denominator'])] -%}
    {% set first = loop.first -%}
    {% for field in fields -%}
    {{ 'union all' if not (first and loop.first) }}
    select
        programme_id, rule_id, kind, period, reporter_id as head_reporter_id, indicator_id as head_indicator_id, kind as part,
        {{ loop.index }} as term_no, period as cell_period, reporter_id, indicator_id, '{{ field }}' as field,
        {% if source == 'parts' -%}
        {{ '1.0' if field == 'numerator' else '-1.0' }} as coefficient,
        {%- else -%}
        {{ 'factor' if field == 'numerator' else '1.0' }} as coefficient,
        {%- endif %}
        0.0 as constant, {{ ratio_tolerance() if source == 'ratios' else '0.0' }} as tolerance
    from {{ source }}
    where {{ field }} is not null
    {% endfor %}
    {% endfor %}
),

judged as (
    select j.rule_id, j.programme_id, j.period, j.reporter_id, j.entity_id as indicator_id, j.part
    from {{ ref('int_check_rows') }} as j
    left join {{ ref('check_results') }} as c
        on
            c.status = 'confirmed' and j.rule_id = c.rule_id and j.programme_id = c.programme_id and j.period = c.period
            and j.reporter_id = c.reporter_id and j.entity_id = c.entity_id
    where j.rule_id in ('V08', 'V09', 'Q03') and j.status in ('pass', 'fail') and c.rule_id is null
),

values_given as (
    select programme_id, period, period_seq, reporter_id, indicator_id, value
    from {{ ref('int_indicator_states') }}
    where state = 'value'
),

-- V08: the parent less its children
children as (
    select
        j.programme_id, j.period, j.reporter_id as head_reporter_id, j.indicator_id, r.reporter_id, s.value,
        i.decimals,
        count(*) over (partition by j.programme_id, j.period, j.reporter_id, j.indicator_id) as terms
    from judged as j
    inner join {{ ref('stg_reporters') }} as r on j.programme_id = r.programme_id and j.reporter_id = r.parent_id
    inner join {{ ref('int_indicator_states') }} as s
        on
            j.programme_id = s.programme_id
            and j.period = s.period
            and r.reporter_id = s.reporter_id
            and j.indicator_id = s.indicator_id
    inner join {{ ref('stg_indicators') }} as i
        on j.programme_id = i.programme_id and j.indicator_id = i.indicator_id
    where j.rule_id = 'V08' and s.state <> 'not_applicable'
),

of_sums as (
    select
        programme_id, 'V08' as rule_id, 'eq' as kind, period, head_reporter_id, indicator_id as head_indicator_id,
        'sum' as part, row_number() over (partition by programme_id, period, head_reporter_id, indicator_id order by reporter_id) + 1 as term_no,
        period as cell_period, reporter_id, indicator_id, 'value' as field, -1.0 as coefficient, 0.0 as constant,
        {{ sum_tolerance('decimals', 'terms') }} as tolerance
    from children
    where value is not null

    union all

    select
        programme_id, 'V08' as rule_id, 'eq' as kind, period, head_reporter_id, indicator_id as head_indicator_id,
        'sum' as part, 1 as term_no, period as cell_period, head_reporter_id as reporter_id, indicator_id, 'value' as field,
        1.0 as coefficient, 0.0 as constant, {{ sum_tolerance('min(decimals)', 'min(terms)') }} as tolerance
    from children
    group by programme_id, period, head_reporter_id, indicator_id
),

-- V09: the cumulated value less the quarters; where the name leaves two readings, the one that holds, else the one that holds more
-- often at this reporter, else the year's
cumulated as (
    select j.programme_id, j.period, j.reporter_id, j.indicator_id, v.value, v.period_seq, p.quarterly_id, p.within_year, p.decimals
    from judged as j
    inner join {{ ref('int_cumulated_pairs') }} as p
        on j.programme_id = p.programme_id and j.indicator_id = p.indicator_id
    inner join values_given as v
        on
            j.programme_id = v.programme_id
            and j.period = v.period
            and j.reporter_id = v.reporter_id
            and j.indicator_id = v.indicator_id
    where j.rule_id = 'V09'
),

quarters as (
    select
        c.programme_id, c.period, c.reporter_id, c.indicator_id, c.value, c.period_seq, c.within_year, c.decimals,
        q.period as cell_period, q.indicator_id as quarterly_id, q.value as quarter_value,
        {{ period_year('q.period') }} = {{ period_year('c.period') }} as same_year
    from cumulated as c
    inner join values_given as q
        on
            c.programme_id = q.programme_id
            and c.reporter_id = q.reporter_id
            and c.quarterly_id = q.indicator_id
            and q.period_seq <= c.period_seq
),

gaps as (
    select
        programme_id, period, reporter_id, indicator_id, within_year, decimals,
        count(*) filter (where same_year) as year_terms,
        count(*) as programme_terms,
        abs(min(value) - sum(quarter_value) filter (where same_year))
            <= {{ sum_tolerance('decimals', 'count(*) filter (where same_year)') }} as year_holds,
        not within_year and count(*) = min(period_seq)
        and abs(min(value) - sum(quarter_value)) <= {{ sum_tolerance('decimals', 'count(*)') }} as programme_holds
    from quarters
    group by programme_id, period, reporter_id, indicator_id, within_year, decimals
),

readings as (
    select
        *,
        not within_year
        and not coalesce(year_holds, false)
        and (
            programme_holds
            or sum(case when programme_holds and not year_holds then 1 when year_holds and not programme_holds then -1 else 0 end)
                over (partition by programme_id, reporter_id, indicator_id) > 0
        ) as since_start
    from gaps
),

of_quarters as (
    select
        q.programme_id, 'V09' as rule_id, 'eq' as kind, q.period, q.reporter_id as head_reporter_id,
        q.indicator_id as head_indicator_id, 'sum' as part,
        row_number() over (partition by q.programme_id, q.period, q.reporter_id, q.indicator_id order by q.cell_period) + 1 as term_no,
        q.cell_period, q.reporter_id, q.quarterly_id as indicator_id, 'value' as field, -1.0 as coefficient, 0.0 as constant,
        {{ sum_tolerance('q.decimals', 'case when r.since_start then r.programme_terms else r.year_terms end') }} as tolerance
    from quarters as q
    inner join readings as r
        on
            q.programme_id = r.programme_id
            and q.period = r.period
            and q.reporter_id = r.reporter_id
            and q.indicator_id = r.indicator_id
    where r.since_start or q.same_year

    union all

    select
        programme_id, 'V09' as rule_id, 'eq' as kind, period, reporter_id as head_reporter_id, indicator_id as head_indicator_id,
        'sum' as part, 1 as term_no, period as cell_period, reporter_id, indicator_id, 'value' as field, 1.0 as coefficient,
        0.0 as constant,
        {{ sum_tolerance('decimals', 'case when since_start then programme_terms else year_terms end') }} as tolerance
    from readings
),

-- Q03: the terms of relations.csv; one without practice adds nothing
of_relations as (
    select
        j.programme_id, 'Q03' as rule_id, 'eq' as kind, j.period, j.reporter_id as head_reporter_id,
        j.indicator_id as head_indicator_id, j.part, t.term_no, j.period as cell_period, j.reporter_id, t.indicator_id,
        'value' as field, t.coefficient, 0.0 as constant, r.tolerance
    from judged as j
    inner join {{ ref('int_relation_states') }} as r
        on
            j.programme_id = r.programme_id
            and j.period = r.period
            and j.reporter_id = r.reporter_id
            and j.part = r.relation_id
    inner join {{ ref('stg_relations') }} as t on j.programme_id = t.programme_id and j.part = t.relation_id
    inner join values_given as v
        on
            j.programme_id = v.programme_id
            and j.period = v.period
            and j.reporter_id = v.reporter_id
            and t.indicator_id = v.indicator_id
    where j.rule_id = 'Q03' and t.coefficient <> 0
),

united as (
    select * from of_rows
    union all
    select * from of_sums
    union all
    select * from of_quarters
    union all
    select * from of_relations
)

select
    programme_id,
    concat_ws('/', {{ key | join(', ') }}) as edit_id,
    rule_id,
    kind,
    period,
    head_reporter_id,
    head_indicator_id,
    term_no,
    cell_period,
    reporter_id,
    indicator_id,
    field,
    coefficient,
    constant,
    tolerance
from united
