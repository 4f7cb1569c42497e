-- The first task (by period, then file order) keeps its evidence; every other task of the reporter that names the same file is
-- flagged, and so is the task itself when it names it again in a later quarter. A task that was completed by then may: its proof
-- of completion stays what it is.
{% set states %}(
    select
        *,
        first_value(task_id) over same_file as first_task_id,
        first_value(period) over same_file as first_period,
        lag(completed) over (
            partition by programme_id, reporter_id, evidence, reported, task_id order by period_seq
        ) as was_completed
    from {{ ref('int_task_states') }}
    window same_file as (
        partition by programme_id, reporter_id, evidence, reported order by period_seq, path, sheet nulls last, row_number, task_id
    )
){% endset %}
{{ check_rows(
    rule='T11',
    index=states,
    entity=("'task'", 'task_id'),
    applies='reported and evidence is not null',
    fails='task_id <> first_task_id or not coalesce(was_completed, true)',
    field="'evidence'",
    raw_value='evidence',
    message="concat_ws('', '佐证材料“', evidence, '”已用于', case when period <> first_period then concat_ws('', ' ', first_period, ' 期的') else '' end, case when task_id <> first_task_id then concat_ws('', '任务 ', first_task_id) else '本任务' end)"
) }}
