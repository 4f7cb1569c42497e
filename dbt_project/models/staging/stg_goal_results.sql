{{ first_lines(source('raw', 'goal_results'), ['programme_id', 'goal_id', 'period']) }}
