-- The two weights of the programme, and those of its specials. Blank ones share what the given ones leave of 1.
{% set sums %}(
    select
        *, null as receipt_id, null as sheet, null as row_number,
        concat_ws('', 'registry/', programme_id, '/', file) as path
    from (
        select
            programme_id, 'weights' as part, 'programme.toml' as file,
            weight_tasks + weight_indicators as total, 0 as blank, 2 as given
        from {{ ref('stg_programmes') }}
        union all
        select
            g.programme_id, 'specials' as part, 'specials.csv' as file,
            sum(s.weight_given) as total, count(s.special_id) - count(s.weight_given) as blank,
            count(s.weight_given) as given
        from {{ ref('stg_programmes') }} as g
        left join {{ ref('stg_specials') }} as s
            on g.programme_id = s.programme_id and s.row_number is not null
        group by g.programme_id
    ) as weights
){% endset %}
{% set message %}
    concat_ws(
        '',
        case part when 'weights' then '任务与指标的权重' else '各专项的权重' end,
        '合计为 ', {{ number_text('total', 9) }}, '，应为 1'
    )
{% endset %}
{{ check_rows(
    rule='P01',
    index=sums,
    entity=("'programme'", 'programme_id'),
    period='null',
    reporter='null',
    applies='given > 0',
    fails='total > 1 + 1e-9 or (blank = 0 and total < 1 - 1e-9)',
    field="'weight'",
    raw_value=number_text('total', 9),
    part='part',
    message=message
) }}
