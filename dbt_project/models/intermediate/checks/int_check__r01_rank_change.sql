{% set message %}
    concat_ws('', '位次由第 ', previous_rank, ' 名变为第 ', rank, ' 名（共 ', ranked_count, ' 名）')
{% endset %}
{{ check_rows(
    rule='R01',
    index=ref('ranking'),
    entity=("'reporter'", 'reporter_id'),
    place='none',
    applies='ranked',
    evaluable='previous_rank is not null',
    fails='abs(rank_change) >= 5 or abs(rank_change) >= 0.3 * ranked_count',
    raw_value='rank_change',
    message=message
) }}
