{{ config(meta={'dagster': {'ref': {'name': 'receipts'}}}) }}
-- rows_read = rows_loaded + rows_quarantined, where loaded rows are counted in raw.* and quarantined ones in ops.quarantine.
with stored as (
    {% for table in ['progress', 'indicator_values', 'rectification', 'satisfaction'] %}
    select receipt_id, sheet, row_number from {{ source('raw', table) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

loaded as (
    select s.receipt_id, count(*) as lines
    from stored as s
    left join {{ source('quality', 'raw_quarantine') }} as q
        on s.receipt_id = q.receipt_id and s.row_number = q.row_number and coalesce(s.sheet, '') = coalesce(q.sheet, '')
    where q.receipt_id is null
    group by s.receipt_id
),

kept_out as (
    select receipt_id, count(*) as lines from {{ ref('quarantine') }} group by receipt_id
)

select r.receipt_id, r.path, r.rows_read, r.rows_loaded, r.rows_quarantined, l.lines as stored, k.lines as kept_out
from {{ ref('receipts') }} as r
full outer join loaded as l on r.receipt_id = l.receipt_id
full outer join kept_out as k on r.receipt_id = k.receipt_id
where
    r.receipt_id is null
    or r.rows_read <> r.rows_loaded + r.rows_quarantined
    or r.rows_loaded <> coalesce(l.lines, 0)
    or r.rows_quarantined <> coalesce(k.lines, 0)
