{#- First line per key: a registry line given twice counts once (the reader reports it). -#}
{% macro first_lines(relation, keys, order_by='row_number') %}
select * from (
    select *, row_number() over (partition by {{ keys | join(', ') }} order by {{ order_by }}) as occurrence
    from {{ relation }}
    where {% for key in keys %}{{ key }} is not null{{ ' and ' if not loop.last }}{% endfor %}
) as numbered
where occurrence = 1
{%- endmacro %}

{#- Blank weights: the mean of the given ones of the group; all blank: equal. -#}
{% macro filled_weight(weight, partition) -%}
    coalesce({{ weight }}, avg({{ weight }}) over (partition by {{ partition }}), 1.0)
{%- endmacro %}
