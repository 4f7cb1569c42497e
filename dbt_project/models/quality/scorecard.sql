-- Data quality of every reporter and period in four dimensions: of the things looked at (task, indicator, file, reporter), how
-- many have no finding of severity B, E or W of this dimension. Rules of models, readers and expectations together. What a
-- county confirmed is no finding. Rules about work that lags (dimension performance) say nothing about the data and are left
-- out. Not evaluable: nothing but rules that could not be judged.
with found as (
    -- rules of models: what failed
    select
        r.dimension, c.programme_id, c.period, c.reporter_id, c.entity_type, c.entity_id, coalesce(c.part, '') as part,
        case when r.severity <> 'I' and k.rule_id is null then 2 else 1 end as outcome
    from {{ ref('int_check_outcomes') }} as c
    inner join {{ ref('check_rules') }} as r on c.rule_id = r.rule_id
    left join {{ ref('stg_confirmations') }} as k
        on
            k.counts and c.rule_id = k.rule_id and c.programme_id = k.programme_id
            and c.period = k.period and c.reporter_id = k.reporter_id and c.entity_id = k.entity_id
    where c.status = 'fail' and c.period is not null and c.reporter_id is not null and r.dimension <> 'performance'

    union all

    -- rules of readers and expectations: what they found, and below what they read
    select
        r.dimension, f.programme_id, f.period, f.reporter_id, f.entity_type,
        coalesce(nullif(f.entity_id, ''), concat_ws('', f.path, ' ', coalesce(cast(f.row_number as string), ''))) as entity_id, '' as part,
        case when f.severity = 'I' then 1 else 2 end as outcome
    from {{ ref('flags') }} as f
    inner join {{ ref('check_rules') }} as r on f.rule_id = r.rule_id
    where r.home in ('reader', 'expectation') and r.dimension <> 'performance' and f.period is not null and f.reporter_id is not null

    union all

    select 'validity' as dimension, programme_id, period, reporter_id, 'task' as entity_type, task_id as entity_id, '' as part, 1 as outcome
    from {{ ref('stg_progress') }}

    union all

    select 'validity' as dimension, programme_id, period, reporter_id, 'indicator' as entity_type, indicator_id as entity_id, '' as part, 1 as outcome
    from {{ ref('stg_indicator_values') }}

    union all

    select 'validity' as dimension, programme_id, period, reporter_id, 'file' as entity_type, path as entity_id, '' as part, 1 as outcome
    from {{ ref('stg_receipts') }}
    where reporter_id is not null
),

judged as (
    -- rules of models: what passed and what could not be judged
    select
        r.dimension, c.programme_id, c.period, c.reporter_id, c.entity_type, c.word, c.entity_id, coalesce(c.part, '') as part, c.bits,
        case c.status when 'pass' then 1 else 0 end as outcome
    from {{ ref('int_check_tallies') }} as c
    inner join {{ ref('check_rules') }} as r on c.rule_id = r.rule_id
    where
        c.status in ('pass', 'not_evaluable') and c.period is not null and c.reporter_id is not null
        and r.dimension <> 'performance'

    union all

    -- items of the registry as bits, anything else by its name, as there
    select
        f.dimension, f.programme_id, f.period, f.reporter_id, f.entity_type, i.word,
        case when i.bit is null then f.entity_id end as entity_id, f.part, coalesce(i.bit, 1) as bits, f.outcome
    from found as f
    left join {{ ref('int_item_bits') }} as i
        on f.programme_id = i.programme_id and f.entity_type = i.entity_type and f.entity_id = i.entity_id and f.part = ''
),

-- a thing has the worst outcome any rule of the dimension gave it
things as (
    select
        dimension, programme_id, period, reporter_id,
        bit_count(bit_or(bits)) as seen,
        bit_count(coalesce(bit_or(case when outcome > 0 then bits end), 0)) as evaluated,
        bit_count(coalesce(bit_or(case when outcome = 2 then bits end), 0)) as failed
    from judged
    group by dimension, programme_id, period, reporter_id, entity_type, word, entity_id, part
),

counted as (
    select
        dimension, programme_id, period, reporter_id,
        cast(sum(evaluated) as bigint) as evaluated,
        cast(sum(failed) as bigint) as failed,
        cast(sum(seen - evaluated) as bigint) as not_evaluable
    from things
    group by dimension, programme_id, period, reporter_id
)

select
    t.programme_id,
    t.period,
    t.reporter_id,
    t.dimension,
    t.evaluated,
    t.failed,
    t.not_evaluable,
    {{ stored(ratio('t.evaluated - t.failed', 't.evaluated')) }} as pass_rate
from counted as t
inner join {{ ref('stg_periods') }} as q on t.programme_id = q.programme_id and t.period = q.period
