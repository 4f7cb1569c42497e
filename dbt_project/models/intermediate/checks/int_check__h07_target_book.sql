-- Baseline and target against what was registered first; a target line that is gone counts as changed.
{% set message %}
    concat_ws(
        '',
        name, case field when 'baseline' then '的基期值' else concat_ws('', '的目标值（', part, '）') end, '登记时为 ', first_value, '，现',
        case when current_value is null then '已不在登记目录中' else concat_ws('', '改为 ', current_value) end
    )
{% endset %}
{{ check_rows(
    rule='H07',
    index=ref('int_registry_changes'),
    entity=('entity_type', 'item_id'),
    period='null',
    reporter='null',
    applies="field in ('baseline', 'target') and indicator_present",
    evaluable='first_value is not null',
    fails='changed',
    field='field',
    raw_value='current_value',
    part='part',
    message=message
) }}
