-- Every open finding with its influence: the total score, rank and list of its reporter recomputed exactly with the suspect
-- values replaced (int_finding_changes), the others as they are; and its place in the order of work (selective editing:
-- suspicion × influence, what crosses an edge of a list first). Findings without influence follow by severity, and so do all
-- findings of a programme that does not add up arithmetically or rolls sub-units up: there nothing is claimed.
{% set suspicion = {'B': 1.0, 'E': 0.9, 'W': 0.5, 'I': 0.1} %}
with counted as (
    select
        programme_id, period, reporter_id, special_id, 'task' as component,
        sum(weight * score) as above, sum(case when score is not null then weight end) as below
    from {{ ref('int_task_states') }}
    where not cancelled
    group by programme_id, period, reporter_id, special_id

    union all

    select
        programme_id, period, reporter_id, special_id, 'indicator' as component,
        sum(weight * score) as above, sum(case when score is not null then weight end) as below
    from {{ ref('int_indicator_states') }}
    group by programme_id, period, reporter_id, special_id
),

changed_items as (
    select
        flag_id, programme_id, period, reporter_id, special_id, component,
        sum(coalesce(weight * new_score, 0) - coalesce(weight * old_score, 0)) as above_change,
        sum(
            case when new_score is not null then weight else 0 end
            - case when old_score is not null then weight else 0 end
        ) as below_change
    from {{ ref('int_finding_changes') }}
    group by flag_id, programme_id, period, reporter_id, special_id, component
),

changed_specials as (
    select
        c.flag_id, c.programme_id, c.period, c.reporter_id, c.component,
        s.weight,
        case when c.component = 'task' then s.task_score else s.indicator_score end as old_score,
        {{ mean_after('n', 'c') }} as new_score
    from changed_items as c
    inner join {{ ref('int_special_scores') }} as s
        on
            c.programme_id = s.programme_id
            and c.period = s.period
            and c.reporter_id = s.reporter_id
            and c.special_id = s.special_id
    left join counted as n
        on
            c.programme_id = n.programme_id
            and c.period = n.period
            and c.reporter_id = n.reporter_id
            and c.special_id = n.special_id
            and c.component = n.component
),

-- sums over the specials that have any, per component
totals as (
    select
        programme_id, period, reporter_id, 'task' as component,
        sum(weight * task_score) as above, sum(case when task_score is not null then weight end) as below
    from {{ ref('int_special_scores') }}
    group by programme_id, period, reporter_id

    union all

    select
        programme_id, period, reporter_id, 'indicator' as component,
        sum(weight * indicator_score) as above, sum(case when indicator_score is not null then weight end) as below
    from {{ ref('int_special_scores') }}
    group by programme_id, period, reporter_id
),

component_changes as (
    select
        flag_id, programme_id, period, reporter_id, component,
        sum(coalesce(weight * new_score, 0) - coalesce(weight * old_score, 0)) as above_change,
        sum(
            case when new_score is not null then weight else 0 end
            - case when old_score is not null then weight else 0 end
        ) as below_change
    from changed_specials
    group by flag_id, programme_id, period, reporter_id, component
),

new_components as (
    select
        c.flag_id, c.programme_id, c.period, c.reporter_id,
        max(case when c.component = 'task' then 1 else 0 end) as has_task_change,
        max(case when c.component = 'indicator' then 1 else 0 end) as has_indicator_change,
        max(
            case when c.component = 'task'
                then {{ mean_after('t', 'c') }}
            end
        ) as task_score,
        max(
            case when c.component = 'indicator'
                then {{ mean_after('t', 'c') }}
            end
        ) as indicator_score
    from component_changes as c
    left join totals as t
        on
            c.programme_id = t.programme_id
            and c.period = t.period
            and c.reporter_id = t.reporter_id
            and c.component = t.component
    group by c.flag_id, c.programme_id, c.period, c.reporter_id
),

counts as (
    select
        flag_id,
        min(expected_value) as expected_value,
        min(expected_basis) as expected_basis,
        count(*) as items,
        sum(applicable_change) as applicable_change,
        sum(answered_change) as answered_change,
        sum(with_target_change) as with_target_change,
        sum(attained_change) as attained_change
    from {{ ref('int_finding_changes') }}
    group by flag_id
),

recomputed as (
    select
        n.flag_id, n.programme_id, n.period, n.reporter_id,
        case when c.items = 1 then c.expected_value end as expected_value,
        case
            when c.items = 1 then c.expected_basis
            else concat_ws('', c.items, ' 项缺报指标各按本单位此前各期或各填报主体的中位数补齐')
        end as expected_basis,
        q.red, q.black, q.ties, q.black_exception, q.lists_kept,
        r.total_score as score_now, r.rank as rank_now, r.list as list_now, r.ranked, r.ranked_count,
        k.total_score as unrounded,
        {{ combined(
            'case when n.has_task_change = 1 then n.task_score else k.task_score end', 'q.weight_tasks',
            'case when n.has_indicator_change = 1 then n.indicator_score else k.indicator_score end', 'q.weight_indicators'
        ) }} as total_score,
        q.coverage_min,
        {{ ratio('k.indicators_answered + c.answered_change', 'k.indicators_applicable + c.applicable_change') }} as coverage,
        k.indicators_with_target + c.with_target_change > 0
        and k.indicators_with_target + c.with_target_change = k.indicators_attained + c.attained_change as all_targets_reached
    from new_components as n
    inner join counts as c on n.flag_id = c.flag_id
    inner join {{ ref('int_reporter_scores') }} as k
        on n.programme_id = k.programme_id and n.period = k.period and n.reporter_id = k.reporter_id
    inner join {{ ref('ranking') }} as r
        on n.programme_id = r.programme_id and n.period = r.period and n.reporter_id = r.reporter_id
    inner join {{ ref('stg_periods') }} as q on n.programme_id = q.programme_id and n.period = q.period
    where q.aggregation = 'arithmetic' and q.sub_units = 'separate'
),

judged as (
    select
        *,
        total_score is not null and not (coverage_min > 0 and coalesce(coverage < coverage_min, false)) as ranked_then
    from recomputed
),

-- the place of a new total among the others as they are: everybody's total and the new ones in one order
line as (
    select programme_id, period, null as flag_id, {{ rank_key('total_score') }} as total, 1 as is_base
    from {{ ref('int_reporter_scores') }} as s
    where exists (
        select 1
        from {{ ref('ranking') }} as r
        where
            r.programme_id = s.programme_id and r.period = s.period and r.reporter_id = s.reporter_id and r.ranked
    )

    union all

    select programme_id, period, flag_id, {{ rank_key('total_score') }} as total, 0 as is_base
    from judged
    where ranked_then
),

placed as (
    select
        flag_id,
        total,
        sum(is_base) over (partition by programme_id, period order by total desc)
        - sum(is_base) over (partition by programme_id, period, total) as above,
        sum(is_base) over (partition by programme_id, period order by total)
        - sum(is_base) over (partition by programme_id, period, total) as below
    from line
),

-- its own present total does not count among the others
ranked as (
    select
        j.*,
        1 + p.above - case when j.ranked and {{ rank_key('j.unrounded') }} > p.total then 1 else 0 end as rank_then,
        1 + p.below - case when j.ranked and {{ rank_key('j.unrounded') }} < p.total then 1 else 0 end as rank_from_end,
        j.ranked_count - case when j.ranked then 1 else 0 end + case when j.ranked_then then 1 else 0 end as count_then
    from judged as j
    left join placed as p on j.flag_id = p.flag_id
),

listed as (
    select
        *,
        {{ list_of('count_then', 'rank_then', 'rank_from_end', 'all_targets_reached') }} as list_then
    from ranked
),

weighed as (
    select
        f.flag_id,
        f.rule_id,
        f.severity,
        f.programme_id,
        f.period,
        f.reporter_id,
        f.entity_type,
        f.entity_id,
        {{ stored('l.expected_value') }} as expected_value,
        l.expected_basis,
        l.score_now,
        {{ stored('l.total_score') }} as score_expected,
        {{ stored('l.total_score - l.unrounded') }} as score_change,
        l.rank_now,
        cast(l.rank_then as bigint) as rank_expected,
        l.list_now,
        l.list_then as list_expected,
        l.flag_id is not null and coalesce(l.list_now, '') <> coalesce(l.list_then, '') as crosses_edge,
        {{ stored(
            "coalesce(abs(l.total_score - l.unrounded), 0) * case f.severity when 'B' then " ~ suspicion['B'] ~ " when 'E' then "
            ~ suspicion['E'] ~ " when 'W' then " ~ suspicion['W'] ~ " else " ~ suspicion['I'] ~ " end"
        ) }} as influence
    from {{ ref('flags') }} as f
    left join listed as l on f.flag_id = l.flag_id
)

select
    flag_id,
    programme_id,
    period,
    reporter_id,
    rule_id,
    severity,
    entity_type,
    entity_id,
    expected_value,
    expected_basis,
    score_now,
    score_expected,
    score_change,
    rank_now,
    rank_expected,
    list_now,
    list_expected,
    crosses_edge,
    influence,
    row_number() over (
        partition by programme_id, period
        order by
            case when crosses_edge and influence > 0 then 0 else 1 end,
            influence desc,
            case severity when 'B' then 0 when 'E' then 1 when 'W' then 2 else 3 end,
            rule_id, reporter_id nulls last, entity_id nulls last, flag_id
    ) as priority
from weighed
