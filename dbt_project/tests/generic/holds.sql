{#- A sentence about every line; null counts as broken. -#}
{% test holds(model, sentence) %}
select *
from {{ model }}
where not coalesce({{ sentence }}, false)
{% endtest %}
