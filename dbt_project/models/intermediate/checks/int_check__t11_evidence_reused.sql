-- The first task (in file order) keeps its evidence; every later one that names the same file is flagged.
{% set states %}(
    select
        *,
        row_number() over same_file as use_no,
        first_value(task_id) over same_file as first_task_id
    from {{ ref('int_task_states') }}
    window same_file as (
        partition by programme_id, period, reporter_id, evidence order by path, sheet, row_number, task_id
    )
){% endset %}
{{ check_rows(
    rule='T11',
    index=states,
    entity=("'task'", 'task_id'),
    applies='reported and evidence is not null',
    fails='use_no > 1',
    field="'evidence'",
    raw_value='evidence',
    message="concat('佐证材料“', evidence, '”已用于任务 ', first_task_id)"
) }}
