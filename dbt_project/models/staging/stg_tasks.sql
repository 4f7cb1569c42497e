with tasks as (
    {{ first_lines(source('raw', 'tasks'), ['programme_id', 'task_id']) }}
)

select
    programme_id,
    task_id,
    seq,
    special_id,
    title,
    deadline_text,
    deadline_kind,
    coalesce(ongoing, false) as ongoing,
    recurrence,
    weight as weight_given,
    {{ filled_weight('weight', 'programme_id, special_id') }} as weight,
    start_date as start_given,
    source,
    position,
    row_number
from tasks
