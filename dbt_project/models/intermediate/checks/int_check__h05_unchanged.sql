-- Four equal values in a row while at least half of the others moved. A value that cannot get better (frontier, 100 %, the
-- edge of the allowed range) may stay.
{% set states %}(
    -- the windows over what they compare, not over whole rows
    with history as (
        select
            programme_id, period, reporter_id, indicator_id, value,
            lag(value, 1) over quarters as value_1,
            lag(value, 2) over quarters as value_2,
            lag(value, 3) over quarters as value_3
        from {{ ref('int_indicator_states') }}
        window quarters as (partition by programme_id, reporter_id, indicator_id order by period_seq)
    ),
    compared as (
        select
            programme_id, period, reporter_id, indicator_id,
            value = value_1 and value_1 = value_2 and value_2 = value_3 as unchanged
        from history
        where value + value_1 + value_2 + value_3 is not null
    ),
    cohorts as (
        select
            programme_id, period, indicator_id,
            count(*) - 1 as others,
            count(*) filter (where not unchanged) as moved
        from compared
        group by programme_id, period, indicator_id
    )
    select
        s.*,
        coalesce(s.direction * s.value >= s.direction * s.frontier, false)
        or (
            s.polarity = 'higher'
            and (coalesce(s.value >= i.valid_max, false) or ({{ bare_text('i.unit') }} in ('%', '％') and s.value >= 100))
        )
        or (s.polarity = 'lower' and s.value <= coalesce(i.valid_min, 0)) as at_best,
        c.unchanged is not null as four_known, c.unchanged, p.others, p.moved
    from {{ ref('int_indicator_states') }} as s
    inner join {{ ref('stg_indicators') }} as i
        on s.programme_id = i.programme_id and s.indicator_id = i.indicator_id
    left join compared as c
        on
            s.programme_id = c.programme_id
            and s.period = c.period
            and s.reporter_id = c.reporter_id
            and s.indicator_id = c.indicator_id
    left join cohorts as p
        on s.programme_id = p.programme_id and s.period = p.period and s.indicator_id = p.indicator_id
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
