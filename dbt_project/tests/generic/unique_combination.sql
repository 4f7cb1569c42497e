{% test unique_combination(model, columns) %}
select {{ columns | join(', ') }}, count(*) as lines
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
