-- The last verification of the latest edition (taizhang verify): computed again from its archived inputs, is it the same?
{% set places %}(
    select p.programme_id, p.period, p.reporter_id, c.reporter_id is not null as verified, c.problem
    from {{ ref('stg_published_ranks') }} as p
    inner join {{ ref('stg_editions') }} as e
        on p.programme_id = e.programme_id and p.period = e.period and e.is_latest
    left join {{ ref('stg_edition_checks') }} as c
        on
            e.programme_id = c.programme_id
            and e.period = c.period
            and e.revision = c.revision
            and p.reporter_id = c.reporter_id
){% endset %}
{{ check_rows(
    rule='R04',
    index=places,
    entity=("'reporter'", 'reporter_id'),
    place='none',
    evaluable='verified',
    fails='problem is not null',
    raw_value='problem',
    message="concat_ws('', '已发布的结果无法复算：', problem)"
) }}
