{% set lines %}(
    select r.*, f.receipt_id, f.path, cast(null as string) as sheet, cast(null as bigint) as row_number
    from {{ ref('reporting') }} as r
    left join {{ ref('stg_receipts') }} as f on r.last_receipt_id = f.receipt_id
){% endset %}
{{ check_rows(
    rule='D03',
    index=lines,
    entity=("'reporter'", 'reporter_id'),
    applies='received',
    fails='versions - 1 > 3',
    raw_value='versions - 1',
    part='kind',
    message="concat_ws('', " ~ kind_text('kind') ~ ", '本期重报 ', versions - 1, ' 次')"
) }}
