-- A deadline against the one registered first. A source that was changed too names the paper that approved it.
{% set message %}
    concat_ws(
        '',
        '完成时限登记时为“', first_value, '”，现', case when current_value is null then '为空' else concat_ws('', '改为“', current_value, '”') end,
        '，来源栏没有写明批准文件'
    )
{% endset %}
{{ check_rows(
    rule='H08',
    index=ref('int_registry_changes'),
    entity=('entity_type', 'item_id'),
    period='null',
    reporter='null',
    applies="field = 'deadline_text' and present",
    evaluable='first_value is not null',
    fails='changed and not source_changed',
    field='field',
    raw_value='current_value',
    message=message
) }}
