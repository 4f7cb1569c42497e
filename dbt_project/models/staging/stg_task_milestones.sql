select programme_id, task_id, milestone_no, milestone_count, due_date
from {{ source('raw', 'task_milestones') }}
