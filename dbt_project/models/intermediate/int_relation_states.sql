-- Every relation at every reporter that owes an indicator of it, at every period: what its terms add up to. Place columns:
-- the cell of the first term. A term without practice adds nothing.
with terms as (
    select
        t.programme_id, t.relation_id, t.relation_name, t.indicator_id, t.coefficient, t.term_no, t.terms,
        i.name as indicator_name,
        coalesce(i.decimals, 0) as decimals,
        first_value(t.coefficient) over (partition by t.programme_id, t.relation_id order by t.term_no) as first_coefficient
    from {{ ref('stg_relations') }} as t
    inner join {{ ref('stg_indicators') }} as i
        on t.programme_id = i.programme_id and t.indicator_id = i.indicator_id
),

valued as (
    select
        t.*, s.period, s.reporter_id, s.state, s.duplicated, s.value,
        s.receipt_id, s.path, s.sheet, s.row_number, s.value_raw,
        -- what the term says the first one should be
        -1.0 * t.coefficient / t.first_coefficient as share
    from terms as t
    inner join {{ ref('int_indicator_states') }} as s
        on t.programme_id = s.programme_id and t.indicator_id = s.indicator_id
)

select
    programme_id,
    relation_id,
    period,
    reporter_id,
    min(relation_name) as relation_name,
    min(case when term_no = 1 then indicator_id end) as indicator_id,
    min(case when term_no = 1 then indicator_name end) as indicator_name,
    min(case when term_no = 1 then receipt_id end) as receipt_id,
    min(case when term_no = 1 then path end) as path,
    min(case when term_no = 1 then sheet end) as sheet,
    min(case when term_no = 1 then row_number end) as row_number,
    min(case when term_no = 1 then value_raw end) as value_raw,
    min(case when term_no = 1 then coalesce(value, 0.0) end) as first_value,
    count(*) = min(terms) and count(*) filter (where state = 'not_applicable') = 0 as applies,
    count(*) filter (where state in ('value', 'no_practice') and not duplicated) = min(terms) as known,
    round(sum(case when term_no > 1 then share * coalesce(value, 0.0) else 0.0 end), 9) as expected,
    round(sum(coefficient * coalesce(value, 0.0)), 9) as difference,
    -- rounded terms may be off by half a unit of their last decimal each; whole numbers that are counted are exact
    case
        when max(decimals) <= 0 and max(abs(coefficient - round(coefficient))) = 0 then 0.5 - 1e-9
        else sum(abs(coefficient) * 0.5 * power(10.0, -1 * greatest(decimals, 0))) + 1e-9
    end as tolerance,
    {{ joined_text(
        "concat_ws('', case when share < 0 then '－' when term_no > 2 then '＋' else '' end, case when abs(share) <> 1 then concat_ws('', "
        ~ number_text('abs(share)', 6) ~ ", '×') else '' end, indicator_name, ' ', case when value is null then '0（未开展）' else "
        ~ number_text('value', 6) ~ " end)", 'term_no', where='term_no > 1', separator=' '
    ) }} as other_terms
from valued
group by programme_id, relation_id, period, reporter_id
