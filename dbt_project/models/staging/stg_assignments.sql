-- One line per assigned item: a line of the file may name a task, an indicator, or both.
select programme_id, 'task' as item_type, task_id as item_id, reporter_id
from {{ source('raw', 'assignments') }}
where task_id is not null
union
select programme_id, 'indicator' as item_type, indicator_id as item_id, reporter_id
from {{ source('raw', 'assignments') }}
where indicator_id is not null
