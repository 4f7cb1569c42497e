-- Every finding of reader, expectation and model, with level and severity of the catalogue, and the confirmation of its
-- county if there is one. Left out: findings of periods later than the one asked for.
with asked as (
    select programme_id, max(period) as asked_period
    from {{ ref('stg_periods') }}
    where is_asked
    group by programme_id
),

found as (
    select
        c.rule_id, c.programme_id, c.period, c.reporter_id, c.entity_type, c.entity_id, c.part, c.receipt_id, c.path,
        c.sheet, c.row_number,
        case when c.receipt_id is not null then h.column_name when c.path is not null then c.field end as column_name,
        c.raw_value,
        concat_ws('', c.message, '；', r.remedy_zh) as message
    from {{ ref('check_results') }} as c
    left join {{ ref('check_rules') }} as r on c.rule_id = r.rule_id
    left join {{ ref('stg_columns') }} as h
        on c.receipt_id = h.receipt_id and coalesce(c.sheet, '') = h.sheet and c.field = h.field
    where c.status in ('fail', 'confirmed')

    union all

    select
        rule_id, programme_id, period, reporter_id, entity_type, entity_id, null as part, receipt_id, path, sheet,
        row_number, column_name, raw_value, message
    from {{ ref('stg_findings') }}
),

-- a flag is one finding of one rule at one place: a cell two stages object to is one flag; findings of one rule on one
-- file as a whole are told apart by their order
numbered as (
    select
        f.*,
        row_number() over (
            partition by
                f.rule_id, f.programme_id, f.period, f.reporter_id, f.entity_type, f.entity_id, f.part, f.path,
                f.sheet, f.row_number, f.column_name
            order by f.raw_value nulls last, f.message
        ) as occurrence
    from found as f
    left join asked as a on f.programme_id = a.programme_id
    where
        f.period is null
        or a.asked_period is null
        or not {{ is_period('f.period') }}
        or f.period <= a.asked_period
)

select
    {{ hash_text([
        'n.rule_id', 'n.programme_id', 'n.period', 'n.reporter_id', 'n.entity_type', 'n.entity_id', 'n.part',
        'n.path', 'n.sheet', 'n.row_number', 'n.column_name', 'n.occurrence',
    ]) }} as flag_id,
    n.rule_id,
    r.level,
    r.severity,
    n.programme_id,
    n.period,
    n.reporter_id,
    n.entity_type,
    n.entity_id,
    n.path,
    n.sheet,
    n.row_number,
    n.column_name,
    n.raw_value,
    n.message,
    n.receipt_id,
    r.owner,
    r.version as rule_version,
    c.note,
    c.confirmed_by
from numbered as n
left join {{ ref('check_rules') }} as r on n.rule_id = r.rule_id
left join {{ ref('stg_confirmations') }} as c
    on
        c.counts
        and n.rule_id = c.rule_id
        and n.programme_id = c.programme_id
        and n.period = c.period
        and n.reporter_id = c.reporter_id
        and n.entity_id = c.entity_id
where n.occurrence = 1 or n.row_number is null or n.column_name is null
