-- What the rules said, before confirmations: a failure with its place, everything else counted per rule, programme, period,
-- reporter, type and status (``places`` rows of the index; the columns of a place are null).
{% set place = ['entity_id', 'part', 'receipt_id', 'path', 'sheet', 'row_number', 'field', 'raw_value', 'message', 'parameters'] %}
with judged as (
    select
        rule_id, programme_id, period, reporter_id, entity_type, status,
        {% for column in place -%}
        case when status = 'fail' then {{ column }} end as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_check_rows') }}
)

select
    rule_id, programme_id, period, reporter_id, entity_type, status, {{ place | join(', ') }},
    count(*) as places
from judged
group by rule_id, programme_id, period, reporter_id, entity_type, status, {{ place | join(', ') }}
