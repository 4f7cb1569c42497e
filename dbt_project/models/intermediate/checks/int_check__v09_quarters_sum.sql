-- A cumulated indicator (its name begins with 累计, 年内累计 …) against the quarterly one of the same name and unit: the
-- quarters of the year so far, or of the programme so far where the name does not say 年, add up to it. A value that is
-- missing or was given twice (K01) leaves the sum unknown.
{% set states %}(
    with quarters as (
        select
            programme_id, reporter_id, indicator_id, period,
            sum(value) over year_so_far as year_sum,
            count(value) over year_so_far as year_values,
            max(case when duplicated then 1 else 0 end) over year_so_far as year_doubtful,
            sum(value) over programme_so_far as programme_sum,
            count(value) over programme_so_far as programme_values,
            max(case when duplicated then 1 else 0 end) over programme_so_far as programme_doubtful
        from {{ ref('int_indicator_states') }}
        where (programme_id, indicator_id) in (select programme_id, quarterly_id from {{ ref('int_cumulated_pairs') }})
        window
            year_so_far as (
                partition by programme_id, reporter_id, indicator_id, {{ period_year('period') }} order by period_seq
            ),
            programme_so_far as (partition by programme_id, reporter_id, indicator_id order by period_seq)
    )
    select
        s.*, p.quarterly_id, p.within_year, q.year_sum,
        q.year_values = {{ period_quarter('s.period') }} and q.year_doubtful = 0 as year_known,
        q.programme_values = s.period_seq and q.programme_doubtful = 0 as programme_known,
        {{ sum_tolerance('p.decimals', 'q.year_values') }} as tolerance,
        abs(s.value - q.year_sum) <= {{ sum_tolerance('p.decimals', 'q.year_values') }} as year_adds_up,
        abs(s.value - q.programme_sum) <= {{ sum_tolerance('p.decimals', 'q.programme_values') }} as programme_adds_up
    from {{ ref('int_indicator_states') }} as s
    left join {{ ref('int_cumulated_pairs') }} as p on s.programme_id = p.programme_id and s.indicator_id = p.indicator_id
    left join quarters as q
        on
            s.programme_id = q.programme_id
            and s.reporter_id = q.reporter_id
            and p.quarterly_id = q.indicator_id
            and s.period = q.period
){% endset %}
{% set message %}
    concat_ws(
        '',
        name, '填报 ', {{ number_text('value', 6) }}, '，年初至本季各季度（指标 ', quarterly_id, '）之和为 ',
        {{ number_text('year_sum', 6) }}
    )
{% endset %}
{{ check_rows(
    rule='V09',
    index=states,
    entity=("'indicator'", 'indicator_id'),
    applies="state in ('value', 'not_submitted') and quarterly_id is not null",
    evaluable="state = 'value' and not duplicated and year_known and (within_year or year_adds_up or programme_known)",
    fails='not year_adds_up and (within_year or not programme_adds_up)',
    field="'value'",
    raw_value='value_raw',
    parameters="concat_ws('', 'tolerance=', " ~ number_text('tolerance', 6) ~ ")",
    message=message
) }}
