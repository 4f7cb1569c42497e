{% set rows %}(
    select
        s.programme_id, s.period, s.reporter_id, 'task' as entity_type, s.task_id as entity_id, s.task_key as key,
        s.receipt_id, s.path, s.sheet, s.row_number, 'task_id' as field, o.item_id is not null as owed
    from {{ ref('stg_progress') }} as s
    left join {{ ref('int_owed') }} as o
        on
            s.programme_id = o.programme_id
            and s.reporter_id = o.reporter_id
            and o.item_type = 'task'
            and s.task_id = o.item_id
    union all
    select
        s.programme_id, s.period, s.reporter_id, 'indicator' as entity_type, s.indicator_id as entity_id,
        s.indicator_key as key, s.receipt_id, s.path, s.sheet, s.row_number, 'indicator_id' as field,
        o.item_id is not null as owed
    from {{ ref('stg_indicator_values') }} as s
    left join {{ ref('int_owed') }} as o
        on
            s.programme_id = o.programme_id
            and s.reporter_id = o.reporter_id
            and o.item_type = 'indicator'
            and s.indicator_id = o.item_id
){% endset %}
{% set message %}
    concat_ws('', case entity_type when 'task' then '任务' else '指标' end, ' ', entity_id, ' 未分配给本单位，该行不计')
{% endset %}
{{ check_rows(
    rule='K06',
    index=rows,
    entity=('entity_type', 'entity_id'),
    fails='not owed',
    field='field',
    raw_value='key',
    message=message
) }}
