-- Every file received, read or not. Conservation: rows_read = rows_loaded + rows_quarantined (a test counts raw.*).
with kept_out as (
    select receipt_id, count(*) as rows_kept_out
    from {{ ref('stg_quarantine') }}
    where stage = 2
    group by receipt_id
),

counted as (
    select
        r.*,
        coalesce(r.rows_read, 0) as rows_in_file,
        coalesce(r.rows_quarantined_by_reader, 0) + coalesce(k.rows_kept_out, 0) as rows_quarantined
    from {{ ref('stg_receipts') }} as r
    left join kept_out as k on r.receipt_id = k.receipt_id
)

select
    c.receipt_id,
    c.path,
    c.sha256,
    c.bytes,
    c.programme_id,
    c.period,
    c.reporter_id,
    c.kind,
    c.version,
    c.received_at,
    c.received_at > q.cutoff_at as late,
    c.format,
    c.encoding,
    c.rows_in_file as rows_read,
    c.rows_in_file - c.rows_quarantined as rows_loaded,
    c.rows_quarantined,
    case when c.rejected then 'rejected' when c.rows_quarantined > 0 then 'partial' else 'loaded' end as status,
    c.reason,
    c.sender,
    c.registered,
    c.received_on
from counted as c
left join {{ ref('stg_periods') }} as q on c.programme_id = q.programme_id and c.period = q.period
