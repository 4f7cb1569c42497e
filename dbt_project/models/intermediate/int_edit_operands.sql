-- The indicator rows that count, with all their numbers: value, numerator and denominator of one row of one file, and what the
-- registry says of them. Left out: what is not applicable, and rows whose file gave the indicator twice (nobody knows which).
with counted as (
    select
        s.programme_id, s.period, s.period_seq, s.reporter_id, s.indicator_id, s.value, v.numerator, v.denominator
    from {{ ref('int_indicator_states') }} as s
    inner join {{ ref('stg_indicator_values') }} as v
        on s.receipt_id = v.receipt_id and s.indicator_id = v.indicator_id
    where s.state <> 'not_applicable' and not s.duplicated
)

select
    c.*,
    i.decimals,
    {{ is_share('i') }} as is_share,
    {{ ratio_factor('i') }} as factor,
    {{ range_low('i') }} as low,
    {{ range_high('i') }} as high,
    -- a number nobody ever gave with decimals is a count; one that was given below zero somewhere may be
    {% for part in ['numerator', 'denominator'] -%}
    min(case when c.{{ part }} = round(c.{{ part }}) then 1 when c.{{ part }} is not null then 0 end)
        over of_indicator = 1 as {{ part }}_is_count,
    min(c.{{ part }}) over of_indicator as {{ part }}_least{{ ',' if not loop.last }}
    {% endfor %}
from counted as c
inner join {{ ref('stg_indicators') }} as i on c.programme_id = i.programme_id and c.indicator_id = i.indicator_id
window of_indicator as (partition by c.programme_id, c.indicator_id)
