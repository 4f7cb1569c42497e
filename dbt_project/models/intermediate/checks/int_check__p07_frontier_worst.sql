{% set message %}
    concat_ws(
        '',
        name, '（', case polarity when 'lower' then '越低越好' else '越高越好' end, '）的前沿值 ', {{ number_text('frontier', 6) }},
        '、最差值 ', {{ number_text('worst', 6) }}, ' 设置错误，不计分'
    )
{% endset %}
{{ check_rows(
    rule='P07',
    index=ref('stg_indicators'),
    entity=("'indicator'", 'indicator_id'),
    registry='indicators.csv',
    applies='frontier is not null and worst is not null',
    fails='not ' ~ frontier_is_better('entity_index'),
    field="'frontier'",
    raw_value=number_text('frontier', 6),
    message=message
) }}
