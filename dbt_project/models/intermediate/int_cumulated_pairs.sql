-- A cumulated indicator (its name begins with 累计, 年内累计 …) and the quarterly one of the same name and unit that adds up to it.
-- within_year: its name says that it begins anew every year; 累计 alone may also run since the programme's start.
with named as (
    select programme_id, indicator_id, name, unit, decimals, position, {{ cumulated_base('name') }} as base
    from {{ ref('stg_indicators') }}
)

select
    c.programme_id,
    c.indicator_id,
    c.decimals,
    c.name not like '累计%' as within_year,
    {{ first_known('q.indicator_id', 'q.position') }} as quarterly_id
from named as c
inner join named as q
    on
        c.programme_id = q.programme_id
        and coalesce(c.unit, '') = coalesce(q.unit, '')
        and q.name in (
            c.base, concat_ws('', '本季', c.base), concat_ws('', '本季度', c.base), concat_ws('', '当季', c.base),
            concat_ws('', '季度', c.base), concat_ws('', '本期', c.base), concat_ws('', '当期', c.base)
        )
group by c.programme_id, c.indicator_id, c.decimals, c.name
