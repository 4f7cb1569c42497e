{#- Where the engines meet: Parquet files in TAIZHANG_LAKE. `in/` holds what DuckDB wrote for Spark (sources, Python models),
    `out/` what Spark wrote for DuckDB (every table of a model). docs/decisions/0015-spark.md. -#}

{#- Spark's managed tables lie in the lake, whatever the warehouse folder of its installation is. -#}
{% macro spark__create_schema(relation) -%}
    {%- call statement('create_schema') -%}
        create schema if not exists {{ relation }} location '{{ env_var('TAIZHANG_LAKE') }}/out/{{ relation.schema }}'
    {%- endcall -%}
{% endmacro %}

{#- Before Spark's models: what they read and Spark did not make becomes tables over the files. -#}
{% macro register_inputs() -%}
    {%- if execute and target.type == 'spark' -%}
        {%- set inputs = {} -%}
        {%- for id in selected_resources if id in graph.nodes -%}
            {%- for parent in graph.nodes[id].depends_on.nodes -%}
                {%- set node = graph.sources.get(parent) or graph.nodes[parent] -%}
                {%- if node.resource_type != 'model' or node.language == 'python' -%}
                    {%- do inputs.update({parent: node}) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- for node in inputs.values() -%}
            {%- set table = api.Relation.create(schema=node.schema, identifier=node.alias or node.identifier) -%}
            {%- do adapter.create_schema(table) -%}
            {%- do run_query('drop table if exists ' ~ table) -%}
            {%- do run_query(
                'create table ' ~ table ~ " using parquet location '" ~ env_var('TAIZHANG_LAKE') ~ '/in/' ~ table.schema ~ '/'
                ~ table.identifier ~ "'"
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{#- Target `loaded`: a table gets the shape its SQL has here (names, types, order), and its rows from Spark's files. In one statement:
    made empty and then filled with many rows in one transaction, a table of DuckDB 2.0.0 reads as empty until the next checkpoint. -#}
{% macro duckdb__create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) -%}
    {%- if target.name != 'loaded' or language != 'sql' -%}
        {{ return(dbt.duckdb__create_table_as(temporary, relation, compiled_code, language, partitioned_by, sorted_by)) }}
    {%- endif -%}
    {%- set columns = run_query('describe ' ~ compiled_code) -%}
    create table {{ relation }} as
    select
        {%- for column in columns %}
        cast({{ adapter.quote(column['column_name']) }} as {{ column['column_type'] }}) as {{ adapter.quote(column['column_name']) }}{{ ',' if not loop.last }}
        {%- endfor %}
    from read_parquet('{{ env_var('TAIZHANG_LAKE') }}/out/{{ this.schema }}/{{ this.identifier }}/*.parquet')
{%- endmacro %}
