{% set message %}
    concat_ws(
        '',
        '指标覆盖率 ', {{ number_text('100 * coverage', 1) }}, '%，不足 90%：应报 ', indicators_applicable, ' 项，已报 ',
        indicators_answered, ' 项'
    )
{% endset %}
{{ check_rows(
    rule='D04',
    index=ref('int_reporter_scores'),
    entity=("'reporter'", 'reporter_id'),
    place='none',
    applies='indicators_applicable > 0',
    evaluable='cutoff_passed',
    fails='coverage < 0.9',
    raw_value=number_text('100 * coverage'),
    message=message
) }}
