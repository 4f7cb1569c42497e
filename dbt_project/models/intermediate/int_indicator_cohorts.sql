-- One row per indicator and period: how many reporters gave a value, and their range.
select
    s.programme_id,
    s.period,
    s.indicator_id,
    min(s.name) as name,
    min(i.row_number) as row_number,
    count(s.value) as values_given,
    min(s.value) as lowest,
    max(s.value) as highest,
    {{ median_of('s.value') }} as median_value
from {{ ref('int_indicator_states') }} as s
inner join {{ ref('stg_indicators') }} as i
    on s.programme_id = i.programme_id and s.indicator_id = i.indicator_id
group by s.programme_id, s.period, s.indicator_id
