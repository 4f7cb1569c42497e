-- A period with the parameters of its programme: what every as-of computation starts from.
select
    p.programme_id,
    p.period,
    p.period_seq,
    p.period_start,
    p.period_end,
    p.cutoff_at,
    p.cutoff_on,
    p.freeze_at,
    p.as_of,
    p.frozen,
    p.cutoff_passed,
    p.is_asked,
    g.start_date,
    g.weight_tasks,
    g.weight_indicators,
    g.red,
    g.black,
    g.late_per_day,
    g.late_floor,
    g.overdue_cap,
    g.yellow_points,
    g.blue_days,
    g.coverage_min
from {{ source('control', 'periods') }} as p
inner join {{ ref('stg_programmes') }} as g on p.programme_id = g.programme_id
