-- A value far from the reporter's own earlier ones, measured with median and median absolute deviation, which one odd quarter
-- cannot move: Iglewicz and Hoaglin (1993), How to Detect and Handle Outliers; Leys et al. (2013), Detecting outliers: Do not use
-- standard deviation around the mean, use absolute deviation around the median, J. Exp. Soc. Psychol. 49(4). 1.4826 · MAD estimates
-- the standard deviation of normal data. The spread is at least 2 % of the median and half a unit of the last decimal, for a
-- history that hardly moved has no spread to measure by.
{% set bound, scale, share, least = 5, 1.4826, 0.02, 6 %}
{% set states %}(
    with earlier as (
        select rp.programme_id, rp.period, v.reporter_id, v.indicator_id, {{ last_known('v.value', 'rp.receipt_seq') }} as value
        from {{ ref('stg_indicator_values') }} as v
        inner join {{ ref('int_receipt_periods') }} as rp on v.receipt_id = rp.receipt_id
        -- so many earlier quarters there are from the next one on
        where not rp.is_current and v.value is not null and rp.period_seq > {{ least }}
        -- v.period: one value of each earlier period, as known at rp.period's as-of
        group by rp.programme_id, rp.period, v.reporter_id, v.indicator_id, v.period
    ),
    centres as (
        select programme_id, period, reporter_id, indicator_id, count(*) as quarters, {{ median_of('value') }} as centre
        from earlier
        group by programme_id, period, reporter_id, indicator_id
        having count(*) >= {{ least }}
    ),
    spreads as (
        select
            c.programme_id, c.period, c.reporter_id, c.indicator_id, c.quarters, c.centre,
            {{ median_of('abs(e.value - c.centre)') }} as deviation
        from earlier as e
        inner join centres as c
            on
                e.programme_id = c.programme_id
                and e.period = c.period
                and e.reporter_id = c.reporter_id
                and e.indicator_id = c.indicator_id
        group by c.programme_id, c.period, c.reporter_id, c.indicator_id, c.quarters, c.centre
    ),
    bounds as (
        select
            b.*,
            round({{ bound }} * greatest(
                {{ scale }} * b.deviation,
                {{ share }} * abs(b.centre),
                coalesce(0.5 * power(10.0, -1 * i.decimals), 0.0)
            ), 9) as distance
        from spreads as b
        inner join {{ ref('stg_indicators') }} as i
            on b.programme_id = i.programme_id and b.indicator_id = i.indicator_id
    )
    select s.*, b.quarters, b.centre, b.distance
    from {{ ref('int_indicator_states') }} as s
    left join bounds as b
        on
            s.programme_id = b.programme_id
            and s.period = b.period
            and s.reporter_id = b.reporter_id
            and s.indicator_id = b.indicator_id
){% endset %}
{% set message %}
    concat_ws(
        '',
        name, '填报 ', {{ number_text('value', 6) }}, '，与本单位往期水平相差过大：往期 ', quarters, ' 个季度的中位数为 ',
        {{ number_text('centre', 6) }}, '，通常在 ', {{ number_text('centre - distance', 6) }}, ' 至 ',
        {{ number_text('centre + distance', 6) }}, ' 之间'
    )
{% endset %}
{{ check_rows(
    rule='Q04',
    index=states,
    entity=("'indicator'", 'indicator_id'),
    applies="state = 'value'",
    evaluable='quarters >= ' ~ least,
    fails='round(abs(value - centre), 9) > distance',
    field="'value'",
    raw_value='value_raw',
    parameters="'bound=" ~ bound ~ "; scale=" ~ scale ~ "; share=" ~ share ~ "; quarters_min=" ~ least ~ "'",
    message=message
) }}
