-- What relations.csv says of indicators of one reporter and period (balance = export - import …). The row stands at the cell of
-- the relation's first term. A missing or duplicated term: nobody knows which numbers should add up.
{% set message %}
    concat_ws(
        '',
        '指标间关系“', coalesce(relation_name, relation_id), '”不成立：', indicator_name, '填报 ', {{ number_text('first_value', 6) }},
        '，按 ', other_terms, ' 应为 ', {{ number_text('expected', 6) }}, '，相差 ', {{ number_text('abs(first_value - expected)', 6) }}
    )
{% endset %}
{{ check_rows(
    rule='Q03',
    index=ref('int_relation_states'),
    entity=("'indicator'", 'indicator_id'),
    applies='applies',
    evaluable='known',
    fails='abs(difference) > tolerance',
    field="'value'",
    raw_value='value_raw',
    part='relation_id',
    parameters="concat_ws('', 'relation=', relation_id, '; tolerance=', " ~ number_text('tolerance', 6) ~ ")",
    message=message
) }}
