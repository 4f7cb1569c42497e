-- How often each rule fired. Rules of models count the rows of their index; rules of readers and expectations the rows (or, for
-- rules about files, the files) that were read, and those with a finding.
with of_models as (
    select
        rule_id,
        programme_id,
        period,
        coalesce(sum(places) filter (where status in ('pass', 'fail')), 0) as evaluated,
        coalesce(sum(places) filter (where status = 'fail'), 0) as failed,
        coalesce(sum(places) filter (where status = 'not_evaluable'), 0) as not_evaluable,
        coalesce(sum(places) filter (where status = 'not_applicable'), 0) as not_applicable
    from {{ ref('int_check_outcomes') }}
    group by rule_id, programme_id, period
),

received as (
    select
        r.programme_id,
        r.period,
        count(*) as files,
        sum(case when r.kind in ('progress', 'rectification') then r.rows_read else 0 end) as task_rows,
        sum(case when r.kind = 'indicators' then r.rows_read else 0 end) as indicator_rows,
        sum(case when r.kind = 'satisfaction' then r.rows_read else 0 end) as satisfaction_rows
    from {{ ref('stg_receipts') }} as r
    inner join {{ ref('stg_periods') }} as q on r.programme_id = q.programme_id and r.period = q.period
    group by r.programme_id, r.period
),

found as (
    select
        f.rule_id,
        f.programme_id,
        f.period,
        count(distinct f.path) as files,
        count(distinct concat_ws('', f.path, chr(31), coalesce(f.sheet, ''), chr(31), coalesce(cast(f.row_number as string), '')))
            as places
    from {{ ref('stg_findings') }} as f
    where f.programme_id is not null
    group by f.rule_id, f.programme_id, f.period
),

of_readers as (
    select
        c.rule_id,
        v.programme_id,
        v.period,
        case c.entity_type
            when 'file' then v.files
            when 'indicator' then v.indicator_rows
            when 'reporter' then v.satisfaction_rows
            else v.task_rows
        end as evaluated,
        coalesce(case c.entity_type when 'file' then f.files else f.places end, 0) as failed
    from {{ ref('check_rules') }} as c
    cross join received as v
    left join found as f on c.rule_id = f.rule_id and v.programme_id = f.programme_id and v.period = f.period
    where c.home in ('reader', 'expectation') and c.state = 'active'

    union all

    -- findings of readers on the registry, and of readers under a rule whose home is a model: nobody counted what passed
    select f.rule_id, f.programme_id, f.period, null as evaluated, f.places as failed
    from found as f
    inner join {{ ref('check_rules') }} as c on f.rule_id = c.rule_id
    where f.period is null or c.home = 'model'
),

together as (
    select rule_id, programme_id, period, evaluated, failed, not_evaluable, not_applicable from of_models
    union all
    select rule_id, programme_id, period, evaluated, failed, 0 as not_evaluable, 0 as not_applicable from of_readers
)

select
    rule_id,
    programme_id,
    period,
    cast(sum(evaluated) as bigint) as evaluated,
    cast(sum(failed) as bigint) as failed,
    {{ stored(ratio('sum(failed)', 'sum(evaluated)')) }} as fire_rate,
    cast(sum(not_evaluable) as bigint) as not_evaluable,
    cast(sum(not_applicable) as bigint) as not_applicable
from together
group by rule_id, programme_id, period
