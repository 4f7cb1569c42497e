-- What a finding would change in the scores: the suspect value replaced by the one to be expected (selective editing,
-- research/methods.md section 8). Grain: finding and item. Only findings about something that was reported wrongly or not at
-- all; an overdue task or a value below its baseline is a fact, not a suspicion.
-- Expected value of an indicator, in this order: what the rule itself computed (V03 the usual unit, V06 the quotient), the
-- median of the reporter's last four periods, the median of all reporters of the period.
{% set doubtful = [
    'F03', 'K01', 'V01', 'V02', 'V03', 'V05', 'V06', 'V07', 'V08', 'V09', 'V10', 'H02', 'H03', 'H04', 'H05', 'H10', 'Q03', 'Q04', 'X03',
] %}
with findings as (
    select flag_id, rule_id, programme_id, period, reporter_id, entity_type, entity_id, raw_value
    from {{ ref('flags') }}
    where programme_id is not null and period is not null and reporter_id is not null
),

on_indicators as (
    select flag_id, rule_id, programme_id, period, reporter_id, entity_id as indicator_id
    from findings
    where
        entity_type = 'indicator'
        and rule_id in ('K02', 'K03', {{ "'" ~ doubtful | join("', '") ~ "'" }})

    union all

    -- a whole form that never came, or came with too little in it
    select f.flag_id, f.rule_id, f.programme_id, f.period, f.reporter_id, s.indicator_id
    from findings as f
    inner join {{ ref('int_indicator_states') }} as s
        on f.programme_id = s.programme_id and f.period = s.period and f.reporter_id = s.reporter_id
    where s.state = 'not_submitted' and (f.rule_id = 'D04' or (f.rule_id = 'D02' and f.raw_value = 'indicators'))
),

asked as (
    select distinct o.programme_id, o.period, s.period_seq, o.reporter_id, o.indicator_id
    from on_indicators as o
    inner join {{ ref('int_indicator_states') }} as s
        on
            o.programme_id = s.programme_id
            and o.period = s.period
            and o.reporter_id = s.reporter_id
            and o.indicator_id = s.indicator_id
),

own_history as (
    select
        a.programme_id, a.period, a.reporter_id, a.indicator_id,
        count(h.value) as own_values,
        {{ median_of('h.value') }} as own_median
    from asked as a
    inner join {{ ref('int_indicator_states') }} as h
        on
            a.programme_id = h.programme_id
            and a.reporter_id = h.reporter_id
            and a.indicator_id = h.indicator_id
            and h.period_seq between a.period_seq - 4 and a.period_seq - 1
    group by a.programme_id, a.period, a.reporter_id, a.indicator_id
),

compared as (
    select
        o.flag_id, o.rule_id, s.programme_id, s.period, s.reporter_id, s.indicator_id, s.special_id, s.weight, s.state, s.score, s.attained,
        s.value, s.sent_value, s.method, s.worst, s.frontier, s.baseline, s.target, s.polarity, s.direction,
        i.exponent, h.own_median, h.own_values, c.median_value, c.values_given,
        case
            {% for unit_factor in unit_factors() -%}
            when {{ is_unit_slip('s.value / nullif(c.median_value, 0)', unit_factor) }} then {{ unit_factor }}
            {% endfor -%}
        end as slip,
        {{ ratio('v.numerator', 'v.denominator') }} * {{ ratio_factor('i') }} as quotient
    from on_indicators as o
    inner join {{ ref('int_indicator_states') }} as s
        on
            o.programme_id = s.programme_id
            and o.period = s.period
            and o.reporter_id = s.reporter_id
            and o.indicator_id = s.indicator_id
    inner join {{ ref('stg_indicators') }} as i on s.programme_id = i.programme_id and s.indicator_id = i.indicator_id
    left join own_history as h
        on
            s.programme_id = h.programme_id
            and s.period = h.period
            and s.reporter_id = h.reporter_id
            and s.indicator_id = h.indicator_id
    left join {{ ref('int_indicator_cohorts') }} as c
        on s.programme_id = c.programme_id and s.period = c.period and s.indicator_id = c.indicator_id
    left join {{ ref('stg_indicator_values') }} as v
        on s.receipt_id = v.receipt_id and s.indicator_id = v.indicator_id
),

based as (
    select
        *,
        case
            when rule_id = 'K03' and state <> 'not_applicable' then 'dropped'
            when rule_id = 'K03' then 'sent'
            when rule_id = 'V06' and quotient is not null then 'quotient'
            when rule_id = 'V03' and slip is not null then 'unit'
            when rule_id <> 'H05' and own_values >= 1 then 'own'
            when values_given >= 3 then 'peers'
        end as basis
    from compared
),

expected_values as (
    select
        *,
        case basis
            when 'sent' then sent_value
            when 'quotient' then quotient
            when 'unit' then value / slip
            when 'own' then own_median
            when 'peers' then median_value
        end as expected_value
    from based
),

indicator_changes as (
    select
        flag_id,
        programme_id,
        period,
        reporter_id,
        special_id,
        'indicator' as component,
        indicator_id as item_id,
        weight,
        score as old_score,
        case when basis <> 'dropped' then {{ indicator_value_score('expected_value') }} end as new_score,
        expected_value,
        case basis
            when 'dropped' then '认定为不适用，不计分'
            when 'sent' then '认定为适用，按填报值计分'
            when 'quotient' then '按分子分母计算的比率'
            when 'unit' then '按疑似的计量单位换算'
            when 'own' then concat_ws('', '本单位此前 ', own_values, ' 期的中位数')
            when 'peers' then '本期各填报主体的中位数'
        end as expected_basis,
        case when basis = 'dropped' then -1 when state = 'not_applicable' then 1 else 0 end as applicable_change,
        case
            when basis = 'dropped' then 0 - case when state = 'no_practice' then 1 else 0 end
            when state in ('value', 'no_practice') then 0
            else 1
        end as answered_change,
        case
            when target is null then 0
            when basis = 'dropped' then -1
            when state = 'not_applicable' then 1
            else 0
        end as with_target_change,
        case
            when target is null then 0
            when basis <> 'dropped' and direction * expected_value >= direction * target then 1
            else 0
        end - case when coalesce(attained, false) then 1 else 0 end as attained_change
    from expected_values
    where basis is not null
),

on_tasks as (
    select
        f.flag_id,
        f.rule_id,
        t.*,
        q.late_floor,
        q.late_per_day,
        q.overdue_cap,
        case
            when f.rule_id = 'T14' then 'summary'
            when not t.has_milestones or t.cancelled or t.light = 'none' or t.sustained then null
            when f.rule_id in ('T10', 'T11') and t.completed then 'unproved'
            when f.rule_id = 'T05' and t.completed and t.row_progress_pct < 100 then 'unproved'
            when f.rule_id in ('T05', 'T06', 'K05') then 'completed'
            when f.rule_id in ('H01', 'H11') and not t.completed then 'previous'
            when f.rule_id = 'F12' and not t.completed then 'fraction'
        end as assumption
    from findings as f
    inner join {{ ref('int_task_states') }} as t
        on
            f.programme_id = t.programme_id
            and f.period = t.period
            and f.reporter_id = t.reporter_id
            and f.entity_id = t.task_id
    inner join {{ ref('stg_periods') }} as q on t.programme_id = q.programme_id and t.period = q.period
    where f.entity_type = 'task' and f.rule_id in ('F12', 'H01', 'H11', 'K05', 'T05', 'T06', 'T10', 'T11', 'T14')
),

assumed as (
    select
        *,
        case assumption
            when 'unproved' then coalesce(
                case when row_progress_pct < 100 then row_progress_pct end,
                case when coalesce(previous_status, '') <> 'completed' then previous_progress_pct end,
                0.0
            )
            when 'previous' then previous_progress_pct
            when 'fraction' then row_progress_pct / 100.0
        end as assumed_pct,
        {{ days_between('last_due', 'coalesce(row_reported_on, received_on, period_end)') }} as assumed_days_late
    from on_tasks
    where assumption is not null
),

stepped as (
    select *, {{ milestone_at('assumed_pct', 'milestone_count') }} as assumed_no
    from assumed
),

timed as (
    select
        s.*,
        m.due_date as assumed_due,
        {{ expected_share('s.assumed_no', 's.milestone_count', 's.start_date', 'm.due_date', 's.period_end') }} as assumed_expected
    from stepped as s
    left join {{ ref('stg_task_milestones') }} as m
        on s.programme_id = m.programme_id and s.task_id = m.task_id and s.assumed_no = m.milestone_no
),

task_changes as (
    select
        flag_id,
        programme_id,
        period,
        reporter_id,
        special_id,
        'task' as component,
        task_id as item_id,
        weight,
        score as old_score,
        case assumption
            when 'summary' then 100.0
            when 'completed' then {{ completed_score('assumed_days_late', 'late_floor', 'late_per_day') }}
            else {{ open_score(
                'assumed_pct < 100 and assumed_due <= period_end', 'assumed_pct', 'assumed_expected', 'overdue_cap'
            ) }}
        end as new_score,
        case when assumption in ('unproved', 'previous', 'fraction') then assumed_pct end as expected_value,
        case assumption
            when 'summary' then '补报进展说明'
            when 'unproved' then '不认定完成，按已有进度计分'
            when 'completed' then '认定在填报之日完成'
            when 'previous' then '沿用上期进度'
            when 'fraction' then '进度按填写的原数理解'
        end as expected_basis,
        0 as applicable_change,
        0 as answered_change,
        0 as with_target_change,
        0 as attained_change
    from timed
)

select * from indicator_changes
union all
select * from task_changes
