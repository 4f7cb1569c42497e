{% set listed %}(
    select r.*, b.p_black
    from {{ ref('ranking') }} as r
    left join {{ ref('rank_robustness') }} as b
        on r.programme_id = b.programme_id and r.period = b.period and r.reporter_id = b.reporter_id
){% endset %}
{% set message %}
    concat_ws('', '列入黑榜，但在 1000 次扰动中只有 ', {{ number_text('100 * p_black', 1) }}, '% 落入黑榜')
{% endset %}
{{ check_rows(
    rule='R03',
    index=listed,
    entity=("'reporter'", 'reporter_id'),
    place='none',
    applies="list = 'black'",
    evaluable='p_black is not null',
    fails='p_black < 0.5',
    raw_value=number_text('p_black', 6),
    parameters="'p_black_min=0.5'",
    message=message
) }}
