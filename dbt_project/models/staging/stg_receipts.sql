-- receipt_seq: order of all receipts of a programme (period, received_at, path): the later one wins per row key.
-- version: order of the files of one programme, period, reporter and kind as they came in.
select
    r.receipt_id,
    r.path,
    r.sha256,
    r.bytes,
    r.programme_id,
    r.period,
    r.reporter_id,
    r.kind,
    row_number() over (
        partition by r.programme_id, r.period, r.reporter_id, r.kind order by r.received_at nulls last, r.path
    ) as version,
    row_number() over (partition by r.programme_id order by r.period nulls last, r.received_at nulls last, r.path) as receipt_seq,
    r.received_at,
    r.received_on,
    r.sender,
    r.registered,
    r.format,
    r.encoding,
    r.rows_read,
    r.rows_quarantined as rows_quarantined_by_reader,
    r.rejected,
    r.reason
from {{ source('raw', 'receipts') }} as r
