-- State, score and target of every owed indicator of every reporter at every period (section 7 of the contract).
-- A value belongs to its own period. Place columns: the row that gave the value, else the period's latest row.
with counted as (
    select
        rp.programme_id,
        rp.period,
        v.reporter_id,
        v.indicator_id,
        coalesce(
            {{ last_known('rp.receipt_id', 'rp.receipt_seq', 'rp.is_current and v.value is not null') }},
            {{ last_known('rp.receipt_id', 'rp.receipt_seq', 'rp.is_current') }}
        ) as receipt_id,
        {{ last_known('v.value', 'rp.receipt_seq', 'rp.is_current') }} as value,
        {{ last_known('v.value', 'rp.receipt_seq', 'rp.is_previous') }} as previous_value
    from {{ ref('stg_indicator_values') }} as v
    inner join {{ ref('int_receipt_periods') }} as rp on v.receipt_id = rp.receipt_id
    where rp.is_current or rp.is_previous
    group by rp.programme_id, rp.period, v.reporter_id, v.indicator_id
),

-- the earliest target due on or after period_end, else the last one
targets as (
    select
        q.programme_id,
        q.period,
        t.indicator_id,
        t.target,
        t.due_date as target_due,
        row_number() over (
            partition by q.programme_id, q.period, t.indicator_id
            order by
                case when t.due_date >= q.period_end then 0 else 1 end,
                case when t.due_date >= q.period_end then t.due_date end,
                t.due_date desc
        ) as preference
    from {{ ref('stg_targets') }} as t
    inner join {{ ref('stg_periods') }} as q on t.programme_id = q.programme_id
),

states as (
    select
        q.programme_id,
        q.period,
        q.period_seq,
        q.frozen,
        q.cutoff_passed,
        o.reporter_id,
        i.indicator_id,
        i.special_id,
        i.name,
        i.unit,
        i.polarity,
        i.weight,
        i.baseline,
        i.frontier,
        i.worst,
        i.exponent,
        t.target,
        t.target_due,
        a.state as applicability,
        case
            when a.state = 'not_applicable' then 'not_applicable'
            when c.value is not null then 'value'
            when a.state = 'no_practice' then 'no_practice'
            else 'not_submitted'
        end as state,
        case
            when i.method in ('auto', 'dtf') and i.frontier is not null and i.worst is not null then
                case when {{ frontier_is_better('i') }} then 'dtf' end
            when i.method in ('auto', 'attainment') and t.target is not null then 'attainment'
        end as method,
        c.value as sent_value,
        c.previous_value,
        v.receipt_id,
        v.path,
        v.sheet,
        v.row_number,
        v.value_raw,
        v.answer,
        v.note,
        coalesce(v.duplicated, false) as duplicated
    from {{ ref('int_owed') }} as o
    inner join {{ ref('stg_periods') }} as q on o.programme_id = q.programme_id
    inner join {{ ref('stg_indicators') }} as i
        on o.programme_id = i.programme_id and o.item_id = i.indicator_id
    left join {{ ref('stg_applicability') }} as a
        on
            o.programme_id = a.programme_id
            and o.item_id = a.indicator_id
            and o.reporter_id = a.reporter_id
    left join targets as t
        on
            q.programme_id = t.programme_id
            and q.period = t.period
            and i.indicator_id = t.indicator_id
            and t.preference = 1
    left join counted as c
        on
            q.programme_id = c.programme_id
            and q.period = c.period
            and o.reporter_id = c.reporter_id
            and o.item_id = c.indicator_id
    left join {{ ref('stg_indicator_values') }} as v
        on c.receipt_id = v.receipt_id and c.indicator_id = v.indicator_id
    where o.item_type = 'indicator'
),

valued as (
    select
        *,
        case when state = 'value' then sent_value end as value,
        case when polarity = 'lower' then -1.0 else 1.0 end as direction
    from states
),

scored as (
    select
        *,
        direction * value >= direction * target as reached,
        case
            when method is null or state = 'not_applicable' then null
            when state = 'no_practice' then 0.0
            when state = 'not_submitted' then case when frozen then 0.0 end
            else {{ indicator_value_score('value') }}
        end as score
    from valued
),

-- by the short rows: a window over whole ones carries them, texts and all, through its sort
placed as (
    select
        programme_id, period, reporter_id, indicator_id,
        rank() over (partition by programme_id, period, indicator_id order by {{ rank_key('score') }} desc) as score_rank
    from scored
    where score is not null
)

select
    s.programme_id,
    s.period,
    period_seq,
    frozen,
    cutoff_passed,
    s.reporter_id,
    s.indicator_id,
    special_id,
    name,
    unit,
    polarity,
    direction,
    weight,
    state,
    applicability,
    value,
    sent_value,
    case when state <> 'not_applicable' then previous_value end as previous_value,
    baseline,
    target,
    target_due,
    frontier,
    worst,
    method,
    score,
    p.score_rank,
    case when state <> 'not_applicable' and target is not null then coalesce(reached, false) end as attained,
    100.0 * direction * {{ ratio('value - baseline', 'abs(baseline)') }} + 0.0 as improvement_pct,
    receipt_id,
    path,
    sheet,
    row_number,
    value_raw,
    answer,
    note,
    duplicated
from scored as s
left join placed as p
    on s.programme_id = p.programme_id and s.period = p.period and s.reporter_id = p.reporter_id and s.indicator_id = p.indicator_id
