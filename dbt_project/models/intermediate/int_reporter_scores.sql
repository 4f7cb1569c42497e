-- Sums and unrounded scores per programme, period and reporter: what the ranking and the ALL line stand on.
with summed as (
    select
        programme_id,
        period,
        period_seq,
        reporter_id,
        sum(tasks_total) as tasks_total,
        sum(tasks_due) as tasks_due,
        sum(tasks_completed) as tasks_completed,
        sum(tasks_completed_late) as tasks_completed_late,
        sum(tasks_overdue) as tasks_overdue,
        sum(tasks_behind) as tasks_behind,
        sum(tasks_due_soon) as tasks_due_soon,
        sum(tasks_reported) as tasks_reported,
        sum(tasks_finally_due) as tasks_finally_due,
        sum(tasks_on_time) as tasks_on_time,
        sum(indicators_applicable) as indicators_applicable,
        sum(indicators_answered) as indicators_answered,
        sum(indicators_with_target) as indicators_with_target,
        sum(indicators_attained) as indicators_attained,
        {{ weighted_mean('task_score', 'weight') }} as task_score,
        {{ weighted_mean('indicator_score', 'weight') }} as indicator_score
    from {{ ref('int_special_scores') }}
    group by programme_id, period, period_seq, reporter_id
)

select
    s.programme_id,
    s.period,
    s.period_seq,
    s.reporter_id,
    q.cutoff_passed,
    cast(s.tasks_total as bigint) as tasks_total,
    cast(s.tasks_due as bigint) as tasks_due,
    cast(s.tasks_completed as bigint) as tasks_completed,
    cast(s.tasks_completed_late as bigint) as tasks_completed_late,
    cast(s.tasks_overdue as bigint) as tasks_overdue,
    cast(s.tasks_behind as bigint) as tasks_behind,
    cast(s.tasks_due_soon as bigint) as tasks_due_soon,
    cast(s.tasks_reported as bigint) as tasks_reported,
    cast(s.tasks_finally_due as bigint) as tasks_finally_due,
    cast(s.tasks_on_time as bigint) as tasks_on_time,
    cast(s.indicators_applicable as bigint) as indicators_applicable,
    cast(s.indicators_answered as bigint) as indicators_answered,
    {{ ratio('s.indicators_answered', 's.indicators_applicable') }} as coverage,
    cast(s.indicators_with_target as bigint) as indicators_with_target,
    cast(s.indicators_attained as bigint) as indicators_attained,
    s.indicators_with_target > 0 and s.indicators_attained = s.indicators_with_target as all_targets_reached,
    s.task_score,
    s.indicator_score,
    {{ combined('s.task_score', 'q.weight_tasks', 's.indicator_score', 'q.weight_indicators') }} as total_score
from summed as s
inner join {{ ref('stg_periods') }} as q on s.programme_id = q.programme_id and s.period = q.period
