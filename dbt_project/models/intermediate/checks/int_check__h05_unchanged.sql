-- Four equal values in a row while at least half of the others moved. A value that cannot get better (frontier, 100 %, the
-- edge of the allowed range) may stay.
{% set states %}(
    with history as (
        select
            s.*,
            lag(s.value, 1) over quarters as value_1,
            lag(s.value, 2) over quarters as value_2,
            lag(s.value, 3) over quarters as value_3,
            coalesce(s.direction * s.value >= s.direction * s.frontier, false)
            or (
                s.polarity = 'higher'
                and (coalesce(s.value >= i.valid_max, false) or ({{ bare_text('i.unit') }} in ('%', '％') and s.value >= 100))
            )
            or (s.polarity = 'lower' and s.value <= coalesce(i.valid_min, 0)) as at_best
        from {{ ref('int_indicator_states') }} as s
        inner join {{ ref('stg_indicators') }} as i
            on s.programme_id = i.programme_id and s.indicator_id = i.indicator_id
        window quarters as (partition by s.programme_id, s.reporter_id, s.indicator_id order by s.period_seq)
    ),
    compared as (
        select
            *,
            value + value_1 + value_2 + value_3 is not null as four_known,
            coalesce(value = value_1 and value_1 = value_2 and value_2 = value_3, false) as unchanged
        from history
    )
    select
        *,
        sum(case when four_known then 1 else 0 end) over cohort - 1 as others,
        sum(case when four_known and not unchanged then 1 else 0 end) over cohort as moved
    from compared
    window cohort as (partition by programme_id, period, indicator_id)
){% endset %}
{% set message %}
    concat_ws(
        '',
        name, '连续四季均为 ', {{ number_text('value', 6) }}, '，同期其他 ', others, ' 个填报主体中有 ', moved, ' 个有变化'
    )
{% endset %}
{{ check_rows(
    rule='H05',
    index=states,
    entity=("'indicator'", 'indicator_id'),
    applies="state = 'value' and not at_best",
    evaluable='four_known and others >= 3',
    fails='unchanged and 2 * moved >= others',
    field="'value'",
    raw_value='value_raw',
    parameters="'quarters=4; moved_share=0.5; peers_min=3'",
    message=message
) }}
