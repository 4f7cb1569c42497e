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
    g.coverage_min,
    -- a programme that this run left alone may come from an older registry table
    coalesce(g.aggregation, 'arithmetic') as aggregation,
    coalesce(g.sub_units, 'separate') as sub_units,
    coalesce(g.ties, 'include') as ties,
    coalesce(g.black_exception, 'all_targets') as black_exception,
    coalesce(g.talk_after, 3) as talk_after,
    {{ lists_are_kept('p.period', 'g.no_lists') }} as lists_kept
from {{ source('control', 'periods') }} as p
inner join {{ ref('stg_programmes') }} as g on p.programme_id = g.programme_id
