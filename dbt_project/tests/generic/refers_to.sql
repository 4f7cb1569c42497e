{#- Every line's key exists in the other relation (built-in relationships knows one column only). -#}
{% test refers_to(model, columns, to) %}
select child.{{ columns | join(', child.') }}
from {{ model }} as child
left join {{ to }} as parent
    on {% for column in columns %}child.{{ column }} = parent.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}

where parent.{{ columns[0] }} is null
    and {% for column in columns %}child.{{ column }} is not null{{ ' and ' if not loop.last }}{% endfor %}

{% endtest %}
