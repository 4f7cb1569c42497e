-- Reporter goals: one row per reporter and period; issuer goals: one row per period without a reporter.
-- Forecast: the mean change per quarter over at most the last four quarters goes on until the quarter of the due date.
with due as (
    select g.*, coalesce(g.due_date, p.end_date) as due_on
    from {{ ref('stg_goals') }} as g
    inner join {{ ref('stg_programmes') }} as p on g.programme_id = p.programme_id
),

actuals as (
    select
        g.programme_id,
        q.period,
        q.period_seq,
        q.period_end,
        g.due_on,
        g.goal_id,
        r.reporter_id,
        g.kind,
        case g.kind when 'rank' then g.top_n else g.improvement_pct end as expected,
        case
            when g.kind = 'rank' and g.indicator_id is not null then i.score_rank
            when g.kind = 'rank' and g.special_id is not null then s.rank
            when g.kind = 'rank' then k.rank
            when g.indicator_id is not null then i.improvement_pct
            else m.improvement_pct
        end as actual,
        false as met_when_unknown
    from due as g
    inner join {{ ref('stg_periods') }} as q on g.programme_id = q.programme_id
    inner join {{ ref('stg_reporters') }} as r on g.programme_id = r.programme_id
    left join {{ ref('int_indicator_states') }} as i
        on
            g.programme_id = i.programme_id
            and g.indicator_id = i.indicator_id
            and q.period = i.period
            and r.reporter_id = i.reporter_id
    left join {{ ref('special_scores') }} as s
        on
            g.programme_id = s.programme_id
            and g.special_id = s.special_id
            and q.period = s.period
            and r.reporter_id = s.reporter_id
    left join {{ ref('int_special_scores') }} as m
        on
            g.programme_id = m.programme_id
            and g.special_id = m.special_id
            and q.period = m.period
            and r.reporter_id = m.reporter_id
    left join {{ ref('ranking') }} as k
        on q.programme_id = k.programme_id and q.period = k.period and r.reporter_id = k.reporter_id
    where g.scope <> 'issuer'

    union all

    select
        g.programme_id,
        q.period,
        q.period_seq,
        q.period_end,
        g.due_on,
        g.goal_id,
        null as reporter_id,
        g.kind,
        case g.kind when 'rank' then g.top_n else g.improvement_pct end as expected,
        a.actual,
        null as met_when_unknown
    from due as g
    inner join {{ ref('stg_periods') }} as q on g.programme_id = q.programme_id
    left join {{ ref('stg_goal_results') }} as a
        on g.programme_id = a.programme_id and g.goal_id = a.goal_id and q.period = a.period
    where g.scope = 'issuer'
),

rounded as (
    select
        a.*,
        {{ stored('expected') }} as expected_value,
        {{ stored('actual') }} as actual_value,
        cast(greatest(
            4 * (extract(year from due_on) - extract(year from period_end))
            + extract(quarter from due_on) - extract(quarter from period_end),
            0
        ) as integer) as periods_left,
        case when reporter_id is not null then count(actual) over (partition by programme_id, period, goal_id) end as ranked_count
    from actuals as a
),

judged as (
    select
        r.*,
        case
            when actual_value is null then met_when_unknown
            when kind = 'rank' then actual_value <= expected_value
            else actual_value >= expected_value
        end as met,
        min(case when actual_value is not null then period_seq end) over (
            partition by programme_id, goal_id, reporter_id order by period_seq rows between 3 preceding and current row
        ) as first_seq
    from rounded as r
),

-- an improvement is measured against the baseline: nothing at the programme's start, before its first quarter
paced as (
    select
        j.*,
        case
            when j.actual_value is null then null
            when j.first_seq < j.period_seq then j.period_seq - j.first_seq
            when j.kind = 'improvement' then j.period_seq
        end as quarters,
        case when j.first_seq < j.period_seq then f.actual_value when j.kind = 'improvement' then 0.0 end as pace_from
    from judged as j
    left join rounded as f
        on
            j.programme_id = f.programme_id
            and j.goal_id = f.goal_id
            and j.reporter_id is not distinct from f.reporter_id
            and j.first_seq = f.period_seq
),

moving as (
    select p.*, {{ ratio('actual_value - pace_from', 'quarters') }} as pace
    from paced as p
),

forecasts as (
    select
        m.*,
        case
            when periods_left = 0 then actual_value
            when pace is null then null
            when kind = 'rank'
                then least(greatest(actual_value + periods_left * pace, 1.0), coalesce(cast(ranked_count as double), 1e9))
            else actual_value + periods_left * pace
        end as forecast
    from moving as m
)

select
    programme_id,
    period,
    goal_id,
    reporter_id,
    kind,
    expected_value as expected,
    actual_value as actual,
    met,
    due_on as due_date,
    periods_left,
    {{ stored('pace') }} as pace,
    {{ stored('forecast') }} as forecast,
    case
        when periods_left = 0 then met
        when kind = 'rank' then {{ stored('forecast') }} <= expected_value
        else {{ stored('forecast') }} >= expected_value
    end as forecast_met,
    case
        when periods_left = 0 and actual_value is null then concat_ws('', '期限 ', due_on, ' 已到，实际值未知')
        when periods_left = 0 then concat_ws('', '期限 ', due_on, ' 已到，以实际值为准')
        when actual_value is null then '本期实际值未知，不作推算'
        when quarters is null then '近四个季度只有一个名次，不作推算'
        else concat_ws(
            '',
            case when first_seq < period_seq then '按近 ' else '按方案开始以来 ' end, quarters, ' 个季度平均每季度',
            case
                when kind = 'improvement'
                    then concat_ws('', '变化 ', case when pace > 0 then '+' end, {{ number_text('round(pace, 2) + 0.0') }}, ' 个百分点')
                when pace < 0 then concat_ws('', '前进 ', {{ number_text('-pace') }}, ' 名')
                when pace > 0 then concat_ws('', '后退 ', {{ number_text('pace') }}, ' 名')
                else '名次不变'
            end,
            '推算至 ', due_on
        )
    end as forecast_basis
from forecasts
