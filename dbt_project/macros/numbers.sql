{#- Arithmetic of section 7 of the contract, plain SQL. -#}

{#- Stored numbers: 9 decimals, so that sums in another order cannot differ; adding 0 makes -0 a 0. -#}
{% macro stored(expr) -%} round(cast({{ expr }} as double), 9) + 0.0 {%- endmacro %}

{#- What ranks compare: 6 decimals. -#}
{% macro rank_key(expr) -%} round({{ expr }}, 6) {%- endmacro %}

{% macro clamp(expr, low=0, high=1) -%} least(greatest({{ expr }}, {{ low }}), {{ high }}) {%- endmacro %}

{#- A weight for sums that are compared exactly: 9 decimals. -#}
{% macro exact(expr) -%} cast({{ expr }} as decimal(18, 9)) {%- endmacro %}

{#- a / b as a fraction, null where nothing is below the line. -#}
{% macro ratio(a, b) -%} cast({{ a }} as double) / nullif(cast({{ b }} as double), 0) {%- endmacro %}

{#- Weighted mean over the rows that have a value (aggregate). -#}
{% macro weighted_mean(value, weight) -%}
    sum({{ weight }} * {{ value }}) / nullif(sum({{ weight }}) filter (where ({{ value }}) is not null), 0)
{%- endmacro %}

{#- Weighted mean of two components of one row; one that is missing is left out and the weights rescaled. -#}
{% macro combined(a, weight_a, b, weight_b) -%}
    (coalesce({{ weight_a }} * {{ a }}, 0) + coalesce({{ weight_b }} * {{ b }}, 0))
    / nullif(case when {{ a }} is null then 0 else {{ weight_a }} end
        + case when {{ b }} is null then 0 else {{ weight_b }} end, 0)
{%- endmacro %}

{#- Frontier and worst value make sense for the polarity; else P07 and no score. -#}
{% macro frontier_is_better(row) -%}
    case
        when {{ row }}.polarity = 'lower' then {{ row }}.frontier < {{ row }}.worst
        else {{ row }}.frontier > {{ row }}.worst
    end
{%- endmacro %}
