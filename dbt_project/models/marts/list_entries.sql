-- The red and black list with what is said about each: how often in a row and in the year, whether a talk is due, and why.
-- Earlier quarters count as published, as computed where nothing is published; quarters without lists break no row.
with places as (
    select
        r.programme_id,
        r.period,
        q.period_seq,
        r.reporter_id,
        r.list,
        case when e.period is null then r.list else p.list end as list_before,
        case when e.period is null then r.ranked else p.rank is not null end as ranked_before
    from {{ ref('ranking') }} as r
    inner join {{ ref('stg_periods') }} as q on r.programme_id = q.programme_id and r.period = q.period
    left join {{ ref('stg_editions') }} as e on r.programme_id = e.programme_id and r.period = e.period and e.is_latest
    left join {{ ref('stg_published_ranks') }} as p
        on r.programme_id = p.programme_id and r.period = p.period and r.reporter_id = p.reporter_id
),

-- quarters in which anybody was listed
listing as (
    select distinct programme_id, period_seq
    from places
    where list_before is not null
),

listed as (
    select
        n.programme_id,
        n.period,
        n.reporter_id,
        n.list,
        n.period_seq,
        -- the last quarter with lists in which it was not on this one
        max(case when b.list_before is distinct from n.list then b.period_seq end) as broken_at,
        count(*) filter (where b.list_before = 'red' and left(b.period, 4) = left(n.period, 4)) as red_before,
        count(*) filter (where b.list_before = 'black' and left(b.period, 4) = left(n.period, 4)) as black_before
    from places as n
    left join (
        select p.*
        from places as p
        inner join listing as l on p.programme_id = l.programme_id and p.period_seq = l.period_seq
    ) as b
        on n.programme_id = b.programme_id and n.reporter_id = b.reporter_id and b.period_seq < n.period_seq
    where n.list is not null
    group by n.programme_id, n.period, n.reporter_id, n.list, n.period_seq
),

counted as (
    select
        n.programme_id, n.period, n.reporter_id, n.list, n.red_before, n.black_before,
        1 + count(l.period_seq) as in_a_row
    from listed as n
    left join listing as l
        on
            n.programme_id = l.programme_id
            and l.period_seq < n.period_seq
            and l.period_seq > coalesce(n.broken_at, 0)
    group by n.programme_id, n.period, n.reporter_id, n.list, n.red_before, n.black_before
),

-- its first and its last indicator: by the place among all, an indicator on which everybody is level says nothing
indicators as (
    select
        s.programme_id, s.period, s.reporter_id, s.indicator_id, s.name, s.unit, s.value, s.state, s.score, s.score_rank,
        i.decimals,
        row_number() over (
            partition by s.programme_id, s.period, s.reporter_id
            order by s.score_rank, s.score desc, i.position
        ) as from_first,
        row_number() over (
            partition by s.programme_id, s.period, s.reporter_id
            order by s.score_rank desc, s.score, i.position
        ) as from_last
    from {{ ref('int_indicator_states') }} as s
    -- of those on a list alone: they are few
    inner join listed as l on s.programme_id = l.programme_id and s.period = l.period and s.reporter_id = l.reporter_id
    inner join {{ ref('stg_indicators') }} as i on s.programme_id = i.programme_id and s.indicator_id = i.indicator_id
    inner join (
        select programme_id, period, indicator_id
        from {{ ref('int_indicator_states') }}
        where score is not null
        group by programme_id, period, indicator_id
        having min({{ rank_key('score') }}) < max({{ rank_key('score') }})
    ) as d on s.programme_id = d.programme_id and s.period = d.period and s.indicator_id = d.indicator_id
    where s.score is not null
),

worded as (
    select
        *,
        concat_ws(
            '',
            '“', replace(replace(name, '“', '‘'), '”', '’'), '”（',
            case
                when state = 'value' then concat_ws('', {{ number_text('value', 4) }}, coalesce(unit, ''))
                when state = 'no_practice' then '未开展'
                else '未报'
            end,
            '，得 ', {{ number_text('score + 0.0', 1) }}, ' 分，第 ', score_rank, ' 名）'
        ) as words
    from indicators
    where from_first = 1 or from_last = 1
),

said as (
    select
        programme_id, period, reporter_id,
        max(case when from_first = 1 then indicator_id end) as best_indicator_id,
        max(case when from_last = 1 then indicator_id end) as worst_indicator_id,
        max(case when from_first = 1 and score > 0 then words end) as best_words,
        max(case when from_last = 1 then words end) as worst_words
    from worded
    group by programme_id, period, reporter_id
)

select
    c.programme_id,
    c.period,
    c.reporter_id,
    c.list,
    r.rank,
    r.rank_from_end,
    r.total_score,
    w.best_indicator_id,
    w.worst_indicator_id,
    c.in_a_row,
    c.red_before + case when c.list = 'red' then 1 else 0 end as red_this_year,
    c.black_before + case when c.list = 'black' then 1 else 0 end as black_this_year,
    c.list = 'black' and c.in_a_row >= q.talk_after as talk,
    concat_ws(
        '',
        '总分 ', {{ number_text('r.total_score') }}, ' 分，',
        case
            when c.list = 'red' then concat_ws('', '第 ', r.rank, ' 名')
            else concat_ws('', '倒数第 ', r.rank_from_end, ' 名')
        end,
        case
            when w.worst_words is null then ''
            when w.best_words is null or w.best_indicator_id = w.worst_indicator_id
                then concat_ws('', '；位次最靠后的指标是', w.worst_words)
            when c.list = 'red' then concat_ws('', '；位次最好的指标是', w.best_words, '，最靠后的是', w.worst_words)
            else concat_ws('', '；位次最靠后的指标是', w.worst_words, '，最好的是', w.best_words)
        end,
        case
            when t.tasks_total = 0 then ''
            when t.tasks_overdue > 0
                then concat_ws('', '；', t.tasks_total, ' 项任务中逾期 ', t.tasks_overdue, ' 项')
            else concat_ws('', '；', t.tasks_total, ' 项任务无逾期')
        end,
        case when t.tasks_completed > 0 then concat_ws('', '、完成 ', t.tasks_completed, ' 项') else '' end
    ) as reason
from counted as c
inner join {{ ref('ranking') }} as r
    on c.programme_id = r.programme_id and c.period = r.period and c.reporter_id = r.reporter_id
inner join {{ ref('stg_periods') }} as q on c.programme_id = q.programme_id and c.period = q.period
inner join {{ ref('int_reporter_scores') }} as t
    on c.programme_id = t.programme_id and c.period = t.period and c.reporter_id = t.reporter_id
left join said as w
    on c.programme_id = w.programme_id and c.period = w.period and c.reporter_id = w.reporter_id
