{% set message %}
    concat_ws('', '任务“', name, '”已从登记目录删除，删除时 ', open_reporters, ' 个填报主体尚未完成')
{% endset %}
{{ check_rows(
    rule='H09',
    index=ref('int_registry_changes'),
    entity=('entity_type', 'item_id'),
    period='null',
    reporter='null',
    applies="field = 'title'",
    evaluable='present or open_reporters is not null',
    fails='not present and open_reporters > 0',
    field="'task_id'",
    raw_value='item_id',
    message=message
) }}
