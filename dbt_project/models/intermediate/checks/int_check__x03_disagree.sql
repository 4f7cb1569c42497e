-- Two submissions of one period disagree on one key: a task only one reporter owes, also reported by another; an indicator of a
-- reporter and of its only child; two files handed in at the same moment. Both rows are named: who is right is not decided.
{% set rows %}(
    with families as (
        select programme_id, parent_id, min(reporter_id) as child_id
        from {{ ref('stg_reporters') }}
        where parent_id is not null
        group by programme_id, parent_id
        having count(*) = 1
    ),
    owners as (
        select programme_id, item_id, min(reporter_id) as owner_id
        from {{ ref('int_owed') }}
        where item_type = 'task'
        group by programme_id, item_id
        having count(*) = 1
    ),
    -- what two reporters say of one key, both ways round
    against as (
        select f.programme_id, 'indicator' as entity_type, i.indicator_id as entity_id, f.parent_id as a, f.child_id as b
        from families as f
        inner join {{ ref('stg_indicators') }} as i on f.programme_id = i.programme_id
        union all
        select o.programme_id, 'task' as entity_type, o.item_id as entity_id, o.owner_id as a, r.reporter_id as b
        from owners as o
        inner join {{ ref('stg_reporters') }} as r on o.programme_id = r.programme_id and o.owner_id <> r.reporter_id
    ),
    pairs as (
        select programme_id, entity_type, entity_id, a as reporter_id, b as other_id from against
        union all
        select programme_id, entity_type, entity_id, b as reporter_id, a as other_id from against
    ),
    -- most reporters have neither a second file of one moment nor a key in common with another: nothing of theirs is compared
    compared as (
        select programme_id, reporter_id
        from {{ ref('int_receipt_periods') }}
        where is_current
        group by programme_id, period, reporter_id, received_at
        having count(*) > count(distinct kind)
        union
        select programme_id, reporter_id from pairs
    ),
    placed as (
        select
            s.*, rp.receipt_seq,
            row_number() over (
                partition by s.programme_id, s.period, s.reporter_id, s.entity_type, s.entity_id
                order by rp.receipt_seq desc
            ) = 1 and rp.receipt_id is not null as is_latest,
            rp.received_at = max(rp.received_at) over key_rows as in_last_moment,
            rp.received_at
        from {{ rows_said() }} as s
        inner join compared as c on s.programme_id = c.programme_id and s.reporter_id = c.reporter_id
        left join {{ ref('int_receipt_periods') }} as rp on s.receipt_id = rp.receipt_id and rp.is_current
        window key_rows as (partition by s.programme_id, s.period, s.reporter_id, s.entity_type, s.entity_id)
    ),
    uncompared as (
        select s.*
        from {{ rows_said() }} as s
        left join compared as c on s.programme_id = c.programme_id and s.reporter_id = c.reporter_id
        where c.reporter_id is null
    ),
    together as (
        select
            programme_id, period, reporter_id, entity_type, entity_id,
            count(*) as files,
            min(status) <> max(status) as status_differs,
            {{ differs('max(number)', 'min(number)') }} as number_differs
        from placed
        where in_last_moment
        group by programme_id, period, reporter_id, entity_type, entity_id
    ),
    disputes as (
        select
            s.programme_id, s.period, s.reporter_id, s.entity_type, s.entity_id,
            min(case when s.status <> o.status or {{ differs('s.number', 'o.number') }} then o.reporter_id end) as other_id,
            {{ any_true('s.status <> o.status') }} as status_differs,
            {{ any_true(differs('s.number', 'o.number')) }} as number_differs
        from placed as s
        inner join pairs as p
            on
                s.programme_id = p.programme_id
                and s.reporter_id = p.reporter_id
                and s.entity_type = p.entity_type
                and s.entity_id = p.entity_id
        inner join placed as o
            on
                s.programme_id = o.programme_id
                and s.period = o.period
                and s.entity_type = o.entity_type
                and s.entity_id = o.entity_id
                and p.other_id = o.reporter_id
                and o.is_latest
        where s.is_latest
        group by s.programme_id, s.period, s.reporter_id, s.entity_type, s.entity_id
    )
    select
        s.programme_id, s.period, s.reporter_id, s.entity_type, s.entity_id, s.receipt_id, s.path, s.sheet, s.row_number,
        s.status_raw, s.number_raw, s.number_field,
        n.name as other_name, d.reporter_id is not null as has_other, t.files > 1 as has_twin,
        d.other_id is not null as others_differ,
        coalesce(t.status_differs, false) or coalesce(t.number_differs, false) as twins_differ,
        case
            when d.other_id is not null then d.number_differs
            else coalesce(t.number_differs, false)
        end as number_differs
    from placed as s
    left join disputes as d
        on
            s.is_latest
            and s.programme_id = d.programme_id
            and s.period = d.period
            and s.reporter_id = d.reporter_id
            and s.entity_type = d.entity_type
            and s.entity_id = d.entity_id
    left join together as t
        on
            s.in_last_moment
            and s.programme_id = t.programme_id
            and s.period = t.period
            and s.reporter_id = t.reporter_id
            and s.entity_type = t.entity_type
            and s.entity_id = t.entity_id
    left join {{ ref('stg_reporters') }} as n on d.programme_id = n.programme_id and d.other_id = n.reporter_id
    union all
    select
        programme_id, period, reporter_id, entity_type, entity_id, receipt_id, path, sheet, row_number,
        status_raw, number_raw, number_field,
        null as other_name, false as has_other, false as has_twin, false as others_differ, false as twins_differ,
        false as number_differs
    from uncompared
){% endset %}
{% set message %}
    concat_ws(
        '',
        case entity_type when 'task' then '任务 ' else '指标 ' end, entity_id, ' 填报“',
        coalesce(case when number_differs then number_raw else status_raw end, ''), '”，与',
        case when others_differ then concat_ws('', other_name, '本期报送的') else '同时收到的另一份文件' end, '不一致'
    )
{% endset %}
{{ check_rows(
    rule='X03',
    index=rows,
    entity=('entity_type', 'entity_id'),
    applies='coalesce(has_other, false) or coalesce(has_twin, false)',
    fails='others_differ or twins_differ',
    field="case when number_differs then number_field else 'status' end",
    raw_value='case when number_differs then number_raw else status_raw end',
    message=message
) }}
