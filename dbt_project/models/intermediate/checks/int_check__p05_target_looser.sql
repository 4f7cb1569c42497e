{% set targets %}(
    select
        t.*, i.name, i.polarity, i.baseline, i.frontier,
        case when i.polarity = 'lower' then -1.0 else 1.0 end as direction
    from {{ ref('stg_targets') }} as t
    left join {{ ref('stg_indicators') }} as i
        on t.programme_id = i.programme_id and t.indicator_id = i.indicator_id
){% endset %}
{% set message %}
    concat_ws('', name, '的目标 ', {{ number_text('target', 6) }}, ' 宽于基期 ', {{ number_text('baseline', 6) }})
{% endset %}
{{ check_rows(
    rule='P05',
    index=targets,
    entity=("'indicator'", 'indicator_id'),
    registry='targets.csv',
    applies='baseline is not null',
    fails='direction * target < direction * baseline',
    field="'target'",
    raw_value=number_text('target', 6),
    message=message
) }}
