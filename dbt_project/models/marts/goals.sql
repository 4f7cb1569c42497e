-- Reporter goals: one row per reporter and period; issuer goals: one row per period without a reporter.
with actuals as (
    select
        g.programme_id,
        q.period,
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
    from {{ ref('stg_goals') }} as g
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
        g.goal_id,
        null as reporter_id,
        g.kind,
        case g.kind when 'rank' then g.top_n else g.improvement_pct end as expected,
        a.actual,
        null as met_when_unknown
    from {{ ref('stg_goals') }} as g
    inner join {{ ref('stg_periods') }} as q on g.programme_id = q.programme_id
    left join {{ ref('stg_goal_results') }} as a
        on g.programme_id = a.programme_id and g.goal_id = a.goal_id and q.period = a.period
    where g.scope = 'issuer'
)

select
    programme_id,
    period,
    goal_id,
    reporter_id,
    kind,
    {{ stored('expected') }} as expected,
    {{ stored('actual') }} as actual,
    case
        when actual is null then met_when_unknown
        when kind = 'rank' then {{ stored('actual') }} <= {{ stored('expected') }}
        else {{ stored('actual') }} >= {{ stored('expected') }}
    end as met
from actuals
