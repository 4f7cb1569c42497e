with goals as (
    {{ first_lines(source('raw', 'goals'), ['programme_id', 'goal_id']) }}
)

select
    programme_id,
    goal_id,
    kind,
    special_id,
    indicator_id,
    top_n,
    improvement_pct,
    due_date,
    coalesce(scope, 'reporter') as scope,
    row_number
from goals
