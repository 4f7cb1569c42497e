{% set files %}(
    select
        *,
        cast(null as string) as sheet,
        cast(null as bigint) as row_number,
        min(period) over earlier as first_period,
        max(period) over earlier as last_period
    from {{ ref('stg_receipts') }}
    window earlier as (
        partition by programme_id, sha256
        order by received_at nulls last, path rows between unbounded preceding and 1 preceding
    )
){% endset %}
{% set message %}
    concat_ws(
        '',
        '与 ', case when first_period <> period then first_period else last_period end,
        ' 期报送的文件完全相同，疑为误传'
    )
{% endset %}
{{ check_rows(
    rule='F08',
    index=files,
    entity=("'file'", 'path'),
    applies='not rejected',
    fails='first_period <> period or last_period <> period',
    message=message
) }}
