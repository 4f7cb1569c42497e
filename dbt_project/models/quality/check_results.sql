-- Every rule at every row of its index: pass, fail, not_evaluable or not_applicable; failures carry the message.
{% for rule_id, model, index in check_models() %}
select
    rule_id, programme_id, period, reporter_id, entity_type, entity_id, part, receipt_id, path, sheet, row_number,
    field, raw_value, status, message
from {{ ref(model) }}
{{ 'union all' if not loop.last }}
{% endfor %}
