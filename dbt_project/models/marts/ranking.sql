-- Competition ranking 1224 on the score rounded to 6 decimals; lists and their edges as the contract says.
with entered as (
    select
        s.programme_id,
        s.period,
        s.period_seq,
        s.reporter_id,
        r.name as reporter_name,
        r.{{ adapter.quote("group") }},
        s.task_score,
        s.indicator_score,
        s.total_score,
        s.coverage,
        s.all_targets_reached,
        s.reason,
        q.red,
        q.black,
        q.ties,
        q.black_exception,
        q.lists_kept
    from {{ ref('int_reporter_scores') }} as s
    inner join {{ ref('stg_periods') }} as q on s.programme_id = q.programme_id and s.period = q.period
    inner join {{ ref('stg_reporters') }} as r
        on s.programme_id = r.programme_id and s.reporter_id = r.reporter_id
),

placed as (
    select
        *,
        reason is null as ranked,
        case
            when reason is null
                then rank() over (
                    partition by programme_id, period, reason is null order by {{ rank_key('total_score') }} desc
                )
        end as rank,
        case
            when reason is null
                then rank() over (
                    partition by programme_id, period, reason is null order by {{ rank_key('total_score') }}
                )
        end as rank_from_end,
        case
            when reason is null
                then rank() over (
                    partition by programme_id, period, {{ adapter.quote("group") }}, reason is null
                    order by {{ rank_key('total_score') }} desc
                )
        end as group_rank,
        count(case when reason is null then 1 end) over (partition by programme_id, period) as ranked_count
    from entered
),

-- the quarter before counts as published, as computed where nothing is published
before as (
    select
        *,
        lag(period) over history as previous_period,
        lag(rank) over history as computed_previous_rank
    from placed
    window history as (partition by programme_id, reporter_id order by period_seq)
),

compared as (
    select b.*, case when e.period is null then b.computed_previous_rank else p.rank end as previous_rank
    from before as b
    left join {{ ref('stg_editions') }} as e
        on b.programme_id = e.programme_id and b.previous_period = e.period and e.is_latest
    left join {{ ref('stg_published_ranks') }} as p
        on
            b.programme_id = p.programme_id
            and b.previous_period = p.period
            and b.reporter_id = p.reporter_id
)

select
    programme_id,
    period,
    reporter_id,
    reporter_name,
    {{ adapter.quote("group") }},
    {{ stored('task_score') }} as task_score,
    {{ stored('indicator_score') }} as indicator_score,
    {{ stored('total_score') }} as total_score,
    rank,
    group_rank,
    previous_rank,
    previous_rank - rank as rank_change,
    {{ list_of('ranked_count', 'rank', 'rank_from_end', 'all_targets_reached') }} as list,
    ranked,
    reason,
    ranked_count,
    rank_from_end,
    all_targets_reached,
    {{ stored('coverage') }} as coverage
from compared
