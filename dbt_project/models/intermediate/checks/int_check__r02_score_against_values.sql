-- The indicator score fell although every value got better or stayed, or rose although every value got worse or stayed. A value
-- that is missing in one of the two periods, or a target that moved, explains a change: then nothing can be said. What
-- remains is a previous score that was frozen without values which came later.
{% set scores %}(
    -- a target is everybody's: whether it moved is asked once, not of every reporter
    with targets as (
        select distinct programme_id, indicator_id, period, period_seq, target from {{ ref('int_indicator_states') }}
    ),
    targets_moved as (
        select
            programme_id, indicator_id, period,
            coalesce(target <> lag(target) over (partition by programme_id, indicator_id order by period_seq), false) as target_moved
        from targets
    ),
    steps as (
        select s.*, coalesce(s.method, '') = 'attainment' and t.target_moved as target_moved
        from {{ ref('int_indicator_states') }} as s
        inner join targets_moved as t
            on s.programme_id = t.programme_id and s.indicator_id = t.indicator_id and s.period = t.period
    ),
    moves as (
        select
            programme_id, period, reporter_id,
            count(*) filter (where state <> 'not_applicable' and method is not null) as scored,
            count(*) filter (where method is not null and value is not null and previous_value is not null) as compared,
            count(*) filter (where method is not null and direction * value > direction * previous_value) as improved,
            count(*) filter (where method is not null and direction * value < direction * previous_value) as worsened,
            count(*) filter (where target_moved) as targets_moved
        from steps
        group by programme_id, period, reporter_id
    )
    select
        s.*, m.scored, m.compared, m.improved, m.worsened, m.targets_moved,
        {{ rank_key('s.indicator_score') }} as now,
        lag({{ rank_key('s.indicator_score') }}) over (
            partition by s.programme_id, s.reporter_id order by s.period_seq
        ) as before
    from {{ ref('int_reporter_scores') }} as s
    left join moves as m
        on s.programme_id = m.programme_id and s.period = m.period and s.reporter_id = m.reporter_id
){% endset %}
{% set message %}
    concat_ws(
        '',
        '指标得分由 ', {{ number_text('before') }}, case when now < before then ' 降为 ' else ' 升为 ' end, {{ number_text('now') }},
        '，而 ', compared, ' 项指标中 ', improved, ' 项向好、', worsened, ' 项变差'
    )
{% endset %}
{{ check_rows(
    rule='R02',
    index=scores,
    entity=("'reporter'", 'reporter_id'),
    place='none',
    applies='scored > 0',
    evaluable='before is not null and now is not null and compared = scored and targets_moved = 0',
    fails='(improved > 0 and worsened = 0 and now < before) or (worsened > 0 and improved = 0 and now > before)',
    raw_value=number_text('now', 6),
    message=message
) }}
