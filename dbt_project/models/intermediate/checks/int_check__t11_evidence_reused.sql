-- The first task (by period, then file order) keeps its evidence; every other task of the reporter that names the same file is
-- flagged, and so is the task itself when it names it again in a later quarter. A task that was completed by then may: its proof
-- of completion stays what it is.
{% set states %}(
    -- most evidence is named by one task, in every quarter since it was completed: nothing of it is put in order
    with in_question as (
        select programme_id, reporter_id, evidence
        from {{ ref('int_task_states') }}
        where reported and evidence is not null
        group by programme_id, reporter_id, evidence
        having min(task_id) <> max(task_id) or (count(*) > 1 and {{ any_true('not completed') }})
    )
    select
        s.*,
        first_value(s.task_id) over same_file as first_task_id,
        first_value(s.period) over same_file as first_period,
        lag(s.completed) over (
            partition by s.programme_id, s.reporter_id, s.evidence, s.task_id order by s.period_seq
        ) as was_completed
    from {{ ref('int_task_states') }} as s
    inner join in_question as q
        on s.programme_id = q.programme_id and s.reporter_id = q.reporter_id and s.evidence = q.evidence
    where s.reported
    window same_file as (
        partition by s.programme_id, s.reporter_id, s.evidence
        order by s.period_seq, s.path, s.sheet nulls last, s.row_number, s.task_id
    )
    union all
    select s.*, s.task_id as first_task_id, s.period as first_period, null as was_completed
    from {{ ref('int_task_states') }} as s
    left join in_question as q
        on s.reported and s.programme_id = q.programme_id and s.reporter_id = q.reporter_id and s.evidence = q.evidence
    where q.evidence is null
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
