{% set mentions %}(
    with strangers as (
        select distinct programme_id, unit_name from {{ ref('int_unit_mentions') }} where unit_id is null
    ),
    nearest as (
        select
            s.programme_id, s.unit_name, u.name,
            row_number() over (
                partition by s.programme_id, s.unit_name
                order by {{ edit_distance('s.unit_name', 'u.known_name') }}, u.known_name
            ) as closeness
        from strangers as s
        inner join {{ ref('stg_unit_names') }} as u on s.programme_id = u.programme_id
    )
    select
        m.*, n.name as nearest_name, null as receipt_id, null as sheet,
        concat_ws('', 'registry/', m.programme_id, '/', m.file) as path
    from {{ ref('int_unit_mentions') }} as m
    left join nearest as n
        on m.programme_id = n.programme_id and m.unit_name = n.unit_name and m.unit_id is null and n.closeness = 1
){% endset %}
{% set message %}
    concat_ws(
        '',
        '责任单位“', unit_name, '”不在 units.csv 中',
        case when nearest_name is not null then concat_ws('', '，最接近的是“', nearest_name, '”') else '' end
    )
{% endset %}
{{ check_rows(
    rule='U01',
    index=mentions,
    entity=("'unit'", 'unit_name'),
    period='null',
    reporter='null',
    fails='unit_id is null',
    field='field',
    raw_value='unit_name',
    message=message
) }}
