{#- A view is replaced in one statement: made beside the old one, renamed twice and dropped, as dbt does for every database, eighty-eight views
    took five statements each and half of what dbt itself costs at a view. -#}
{% materialization view, adapter='duckdb' %}
    {%- set built = create_or_replace_view() -%}
    {%- do adapter.commit() -%}
    {{ return(built) }}
{% endmaterialization %}

{% macro duckdb__create_view_as(relation, sql) -%}
    create or replace view {{ relation }} as (
        {{ sql }}
    );
{%- endmacro %}
