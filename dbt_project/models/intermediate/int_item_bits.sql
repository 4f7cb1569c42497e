-- Every task and indicator as one bit of a word, so that many of a reporter's items are one number: united with bit_or, counted with
-- bit_count. Sixty to a word: below the sign of a bigint, and exact as a power of a double.
with numbered as (
    select
        programme_id, 'task' as entity_type, task_id as entity_id,
        row_number() over (partition by programme_id order by task_id) - 1 as item_no
    from {{ ref('stg_tasks') }}

    union all

    select
        programme_id, 'indicator' as entity_type, indicator_id as entity_id,
        row_number() over (partition by programme_id order by indicator_id) - 1 as item_no
    from {{ ref('stg_indicators') }}
)

select
    programme_id,
    entity_type,
    entity_id,
    cast(floor(item_no / 60) as integer) as word,
    cast(power(2, item_no % 60) as bigint) as bit
from numbered
