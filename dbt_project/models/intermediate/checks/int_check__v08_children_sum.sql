-- The value of a reporter with two or more children below it is the sum of theirs, for what can be added. An only child is
-- rule X03's. A child without practice adds nothing. A value that is missing or was given twice (K01), the parent's or a
-- child's, leaves the sum unknown.
{% set states %}(
    with below as (
        select
            r.programme_id, r.parent_id, s.period, s.indicator_id,
            count(*) filter (where s.state <> 'not_applicable') as children,
            count(*) filter (where s.state in ('value', 'no_practice')) as answered,
            max(case when s.duplicated then 1 else 0 end) as doubtful,
            sum(s.value) as total
        from {{ ref('int_indicator_states') }} as s
        inner join {{ ref('stg_reporters') }} as r
            on s.programme_id = r.programme_id and s.reporter_id = r.reporter_id
        where r.parent_id is not null
        group by r.programme_id, r.parent_id, s.period, s.indicator_id
    )
    select
        s.*, b.children, b.answered, b.doubtful, b.total, {{ is_additive('i') }} as additive,
        {{ sum_tolerance('i.decimals', 'b.children') }} as tolerance
    from {{ ref('int_indicator_states') }} as s
    inner join {{ ref('stg_indicators') }} as i
        on s.programme_id = i.programme_id and s.indicator_id = i.indicator_id
    left join below as b
        on
            s.programme_id = b.programme_id
            and s.reporter_id = b.parent_id
            and s.period = b.period
            and s.indicator_id = b.indicator_id
){% endset %}
{% set message %}
    concat_ws(
        '',
        name, '填报 ', {{ number_text('value', 6) }}, '，下级 ', children, ' 个填报主体之和为 ', {{ number_text('total', 6) }}
    )
{% endset %}
{{ check_rows(
    rule='V08',
    index=states,
    entity=("'indicator'", 'indicator_id'),
    applies="state in ('value', 'not_submitted') and additive and children >= 2",
    evaluable="state = 'value' and not duplicated and answered = children and doubtful = 0 and total is not null",
    fails='abs(value - total) > tolerance',
    field="'value'",
    raw_value='value_raw',
    parameters="concat_ws('', 'tolerance=', " ~ number_text('tolerance', 6) ~ ")",
    message=message
) }}
