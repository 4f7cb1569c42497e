-- What the rules said, before confirmations: a failure with its place, everything else counted per rule, programme, period,
-- reporter, type and status (``places`` rows of the index; the columns of a place are null).
{% set texts = ['entity_id', 'part', 'receipt_id', 'path', 'sheet'] %}
{% set more_texts = ['field', 'raw_value', 'message', 'parameters'] %}
select
    rule_id, programme_id, period, reporter_id, entity_type, status, {{ texts | join(', ') }}, row_number, {{ more_texts | join(', ') }},
    count(*) as places
from {{ ref('int_check_rows') }}
where status = 'fail'
group by
    rule_id, programme_id, period, reporter_id, entity_type, status, {{ texts | join(', ') }}, row_number, {{ more_texts | join(', ') }}

union all

select
    rule_id, programme_id, period, reporter_id, entity_type, status,
    {% for column in texts %}cast(null as string) as {{ column }}, {% endfor %}
    cast(null as bigint) as row_number,
    {% for column in more_texts %}cast(null as string) as {{ column }}, {% endfor %}
    cast(sum(places) as bigint) as places
from {{ ref('int_check_tallies') }}
group by rule_id, programme_id, period, reporter_id, entity_type, status
