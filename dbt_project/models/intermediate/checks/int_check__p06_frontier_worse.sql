{% set targets %}(
    select
        t.*, i.name, i.polarity, i.baseline, i.frontier,
        case when i.polarity = 'lower' then -1.0 else 1.0 end as direction
    from {{ ref('stg_targets') }} as t
    left join {{ ref('stg_indicators') }} as i
        on t.programme_id = i.programme_id and t.indicator_id = i.indicator_id
){% endset %}
{% set message %}
    concat_ws('', name, '的前沿值 ', {{ number_text('frontier', 6) }}, ' 劣于目标 ', {{ number_text('target', 6) }})
{% endset %}
{{ check_rows(
    rule='P06',
    index=targets,
    entity=("'indicator'", 'indicator_id'),
    registry='targets.csv',
    applies='frontier is not null',
    fails='direction * frontier < direction * target',
    field="'target'",
    raw_value=number_text('target', 6),
    message=message
) }}
