-- Hidiroglou and Berthelot (1986): the ratio to the previous period, made symmetric and weighted by size, against the
-- quartiles of everybody in the programme. Where a side's quartile distance is 0 (most did not change), the effect of a change by A
-- at the median size stands in for it.
{% set a, u, c, peers = 0.05, 0.4, 4, 6 %}
{% set states %}(
    with ratios as (
        select
            programme_id, period, reporter_id, indicator_id,
            value / previous_value as ratio,
            power(greatest(value, previous_value), {{ u }}) as size
        from {{ ref('int_indicator_states') }}
        where value > 0 and previous_value > 0
    ),
    centres as (
        select programme_id, period, indicator_id, count(*) as peers, {{ median_of('ratio') }} as ratio_median
        from ratios
        group by programme_id, period, indicator_id
    ),
    effects as (
        select
            r.*, m.peers,
            round(
                case
                    when r.ratio < m.ratio_median then 1 - m.ratio_median / r.ratio
                    else r.ratio / m.ratio_median - 1
                end * r.size, 9
            ) as effect
        from ratios as r
        inner join centres as m
            on r.programme_id = m.programme_id and r.period = m.period and r.indicator_id = m.indicator_id
    ),
    quartiles as (
        select
            programme_id, period, indicator_id,
            {{ median_of('effect') }} as middle,
            {{ quantile_of('effect', 0.25) }} as low_quartile,
            {{ quantile_of('effect', 0.75) }} as high_quartile,
            {{ a }} * {{ median_of('size') }} as least_distance
        from effects
        group by programme_id, period, indicator_id
    ),
    bounds as (
        select
            programme_id, period, indicator_id, middle,
            coalesce(nullif(round(greatest(middle - low_quartile, abs({{ a }} * middle)), 9), 0), least_distance) as below,
            coalesce(nullif(round(greatest(high_quartile - middle, abs({{ a }} * middle)), 9), 0), least_distance) as above
        from quartiles
    )
    select
        s.*, e.effect, e.ratio, e.peers, m.ratio_median,
        round(b.middle - {{ c }} * b.below, 9) as low, round(b.middle + {{ c }} * b.above, 9) as high
    from {{ ref('int_indicator_states') }} as s
    left join effects as e
        on
            s.programme_id = e.programme_id
            and s.period = e.period
            and s.reporter_id = e.reporter_id
            and s.indicator_id = e.indicator_id
    left join bounds as b
        on e.programme_id = b.programme_id and e.period = b.period and e.indicator_id = b.indicator_id
    left join centres as m
        on e.programme_id = m.programme_id and e.period = m.period and e.indicator_id = m.indicator_id
){% endset %}
{% set message %}
    concat_ws(
        '',
        name, '由上期 ', {{ number_text('previous_value', 6) }}, ' 变为 ', {{ number_text('value', 6) }}, '（',
        {{ number_text('ratio', 3) }}, ' 倍），同类 ', peers, ' 个填报主体的中位数为 ', {{ number_text('ratio_median', 3) }}, ' 倍'
    )
{% endset %}
{{ check_rows(
    rule='H04',
    index=states,
    entity=("'indicator'", 'indicator_id'),
    applies="state = 'value'",
    evaluable='peers >= ' ~ peers,
    fails='effect < low or effect > high',
    field="'value'",
    raw_value='value_raw',
    parameters="'A=" ~ a ~ "; U=" ~ u ~ "; C=" ~ c ~ "; peers_min=" ~ peers ~ "'",
    message=message
) }}
