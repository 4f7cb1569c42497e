-- Statutory working days, one row per day.
select day, is_workday, workday_no
from {{ source('control', 'calendar') }}
