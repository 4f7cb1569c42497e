with targets as (
    {{ first_lines(source('raw', 'targets'), ['programme_id', 'indicator_id', 'due_date']) }}
)

select programme_id, indicator_id, due_date, target, row_number
from targets
where target is not null
