-- Sums and unrounded scores per programme, period and reporter: what the ranking and the ALL line stand on, and who is ranked.
-- Aggregation by the programme's method: arithmetic; geometric on [1, 100]; copeland (research/methods.md section 5).
{% set counts = [
    'tasks_total', 'tasks_due', 'tasks_completed', 'tasks_completed_late', 'tasks_overdue', 'tasks_behind', 'tasks_due_soon',
    'tasks_reported', 'tasks_finally_due', 'tasks_on_time', 'indicators_applicable', 'indicators_answered',
    'indicators_with_target', 'indicators_attained',
] %}
with summed as (
    select
        s.programme_id,
        s.period,
        s.period_seq,
        s.reporter_id,
        {% for name in counts %}sum(s.{{ name }}) as {{ name }}, {% endfor %}
        {{ mean_of_specials('s.task_score', 's.weight', 'q.aggregation') }} as task_score,
        {{ mean_of_specials('s.indicator_score', 's.weight', 'q.aggregation') }} as indicator_score
    from {{ ref('int_special_scores') }} as s
    inner join {{ ref('stg_periods') }} as q on s.programme_id = q.programme_id and s.period = q.period
    group by s.programme_id, s.period, s.period_seq, s.reporter_id, q.aggregation
),

joined as (
    select
        s.*,
        q.aggregation,
        q.cutoff_passed,
        q.coverage_min,
        {{ ratio('s.indicators_answered', 's.indicators_applicable') }} as coverage,
        u.parent_id,
        {{ joined_components(
            's.task_score', 'q.weight_tasks', 's.indicator_score', 'q.weight_indicators', 'q.aggregation'
        ) }} as mean_score
    from summed as s
    inner join {{ ref('stg_periods') }} as q on s.programme_id = q.programme_id and s.period = q.period
    left join {{ ref('int_sub_units') }} as u on s.programme_id = u.programme_id and s.reporter_id = u.reporter_id
),

placed as (
    select
        *,
        case
            when mean_score is null then '无可计分项，不参加排名'
            when parent_id is not null then '下级单位，得分计入上级，不参加排名'
            when coverage_min > 0 and coverage < coverage_min
                then concat_ws(
                    '',
                    '指标覆盖率', {{ number_text('100 * coverage') }}, '%，低于',
                    {{ number_text('100 * coverage_min') }}, '%，不参加排名'
                )
        end as reason
    from joined
),

-- copeland: a pair is won with more than half the weight of the specials both have, ties of a special counted half to each;
-- exact, because a float sum against one half is noise (reference set: 10 of 51 units wrong)
contenders as (
    select s.programme_id, s.period, s.reporter_id, s.special_id, {{ rank_key('s.score') }} as score, {{ exact('s.weight') }} as weight
    from {{ ref('int_special_scores') }} as s
    inner join placed as p
        on s.programme_id = p.programme_id and s.period = p.period and s.reporter_id = p.reporter_id
    where p.aggregation = 'copeland' and p.reason is null and s.score is not null
),

pairs as (
    select
        a.programme_id,
        a.period,
        a.reporter_id,
        b.reporter_id as other_id,
        sum(case when a.score > b.score then a.weight when a.score < b.score then -a.weight else 0 end) as lead_weight
    from contenders as a
    inner join contenders as b
        on
            a.programme_id = b.programme_id
            and a.period = b.period
            and a.special_id = b.special_id
            and a.reporter_id <> b.reporter_id
    group by a.programme_id, a.period, a.reporter_id, b.reporter_id
),

duels as (
    select
        programme_id,
        period,
        reporter_id,
        sum(case when lead_weight > 0 then 1 when lead_weight < 0 then -1 else 0 end) as net_wins
    from pairs
    group by programme_id, period, reporter_id
),

opponents as (
    select programme_id, period, count(*) - 1 as others
    from placed
    where reason is null
    group by programme_id, period
)

select
    p.programme_id,
    p.period,
    p.period_seq,
    p.reporter_id,
    p.cutoff_passed,
    {% for name in counts %}cast(p.{{ name }} as bigint) as {{ name }}, {% endfor %}
    p.coverage,
    p.indicators_with_target > 0 and p.indicators_attained = p.indicators_with_target as all_targets_reached,
    p.task_score,
    p.indicator_score,
    case
        when p.aggregation <> 'copeland' or p.mean_score is null then p.mean_score
        when p.reason is not null then null
        when o.others = 0 then 100.0
        else 50.0 + 50.0 * {{ ratio('coalesce(d.net_wins, 0)', 'o.others') }}
    end as total_score,
    p.reason
from placed as p
left join duels as d
    on p.programme_id = d.programme_id and p.period = d.period and p.reporter_id = d.reporter_id
left join opponents as o on p.programme_id = o.programme_id and p.period = o.period
