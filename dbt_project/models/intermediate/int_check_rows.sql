-- Every rule at every row of its index, before confirmations; Q01, which judges the rules themselves, is not among them.
-- A view: at national size these are fifty million rows, of which people need the failures (int_check_outcomes). On Spark a
-- table: three models read it, and Spark works a view out each time.
{{ config(materialized='table' if target.type == 'spark' else 'view') }}
{% for rule_id, model, index in check_models() if rule_id != 'Q01' %}
select
    rule_id, programme_id, period, reporter_id, entity_type, entity_id, part, receipt_id, path, sheet, row_number,
    field, raw_value, status, message, parameters
from {{ ref(model) }}
{{ 'union all' if not loop.last }}
{% endfor %}
