-- One line per task, deadline, baseline and target any version of a registry had: what was registered first, what stands
-- there now, and for a task that is gone how many reporters had not finished it.
with remembered as (
    select
        programme_id,
        case item_type when 'task' then 'task' else 'indicator' end as entity_type,
        item_type,
        item_id,
        part,
        field,
        {{ first_known('value', 'seq') }} as first_value,
        {{ first_known("coalesce(value, '')", 'seq') }} as opening_value,
        {{ any_true('is_current') }} as present,
        max(case when is_current then value end) as current_value,
        max(case when is_current then row_number end) as row_number,
        {{ last_known('value', 'seq') }} as last_value
    from {{ ref('stg_registry_history') }}
    group by programme_id, item_type, item_id, part, field
),

items as (
    select
        programme_id,
        entity_type,
        item_id,
        {{ any_true("item_type = 'indicator' and present") }} as indicator_present,
        max(case when field in ('title', 'name') then last_value end) as name,
        max(case when field = 'open_reporters' then last_value end) as open_reporters,
        {{ any_true("field = 'source' and current_value is not null and current_value <> opening_value") }}
            as source_changed
    from remembered
    group by programme_id, entity_type, item_id
)

select
    r.programme_id,
    r.entity_type,
    r.item_type,
    r.item_id,
    r.part,
    r.field,
    i.name,
    r.first_value,
    r.current_value,
    r.present,
    coalesce(r.first_value, '') <> coalesce(r.current_value, '') as changed,
    i.indicator_present,
    i.source_changed,
    cast(i.open_reporters as integer) as open_reporters,
    cast(null as string) as receipt_id,
    cast(null as string) as sheet,
    concat_ws(
        '',
        'registry/', r.programme_id, '/',
        case r.item_type when 'task' then 'tasks' when 'indicator' then 'indicators' else 'targets' end, '.csv'
    ) as path,
    r.row_number
from remembered as r
inner join items as i
    on r.programme_id = i.programme_id and r.entity_type = i.entity_type and r.item_id = i.item_id
inner join {{ ref('stg_programmes') }} as g on r.programme_id = g.programme_id
where r.field in ('title', 'deadline_text', 'baseline', 'target')
