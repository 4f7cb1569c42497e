-- Lines of confirmations.csv with what is wrong with them (null: the line confirms). Only complete lines about a warning or
-- an information count; of several lines for one place the first one counts.
with judged as (
    select
        c.programme_id,
        c.rule_id,
        c.reporter_id,
        c.entity_id,
        c.period,
        c.note,
        c.confirmed_by,
        c.row_number,
        case
            when c.problem is not null then c.problem
            when c.rule_id is null or c.reporter_id is null or c.entity_id is null or c.period is null
                then '缺少 rule_id、reporter_id、entity_id 或 period'
            when c.note is null or c.confirmed_by is null then '缺少说明（note）或确认人（by）'
            when r.rule_id is null then concat_ws('', '没有规则 ', c.rule_id)
            when r.severity in ('B', 'E')
                then concat_ws('', '规则 ', c.rule_id, ' 为', case r.severity when 'B' then '拦截' else '错误' end, '级，不能以确认代替改正')
            when c.programme_id is null
                then concat_ws('', '没有任何方案在 ', c.period, ' 期有填报主体 ', c.reporter_id)
        end as problem
    from {{ source('raw', 'confirmations') }} as c
    left join {{ ref('check_rules') }} as r on c.rule_id = r.rule_id
)

select
    *,
    problem is null
    and row_number() over (
        partition by programme_id, rule_id, reporter_id, entity_id, period
        order by case when problem is null then 0 else 1 end, row_number
    ) = 1 as counts
from judged
