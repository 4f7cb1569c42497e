{% set lines %}(
    select r.*, q.frozen
    from {{ ref('reporting') }} as r
    inner join {{ ref('stg_periods') }} as q on r.programme_id = q.programme_id and r.period = q.period
){% endset %}
{{ check_rows(
    rule='D02',
    index=lines,
    entity=("'reporter'", 'reporter_id'),
    place='none',
    applies='owed',
    evaluable='frozen',
    fails='not received',
    raw_value='kind',
    part='kind',
    message="concat_ws('', '定版时仍未报送', " ~ kind_text('kind') ~ ")"
) }}
