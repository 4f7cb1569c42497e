{#- Everything that is not plain SQL on every engine stands here, so that another adapter overrides this file only. -#}

{#- Last non-null value of expr in the order of seq (aggregate). -#}
{% macro last_known(expr, seq, where='true') -%}
    max_by({{ expr }}, {{ seq }}) filter (where ({{ expr }}) is not null and ({{ where }}))
{%- endmacro %}

{#- First non-null value of expr in the order of seq (aggregate). -#}
{% macro first_known(expr, seq, where='true') -%}
    min_by({{ expr }}, {{ seq }}) filter (where ({{ expr }}) is not null and ({{ where }}))
{%- endmacro %}

{#- Texts joined in an explicit order (aggregate). -#}
{% macro joined_text(expr, order_by, where='true', separator='、') -%}
    string_agg({{ expr }}, '{{ separator }}' order by {{ order_by }}) filter (where {{ where }})
{%- endmacro %}

{% macro median_of(expr) -%} median({{ expr }}) {%- endmacro %}

{#- Quantile between order statistics, linear (type 7; aggregate). -#}
{% macro quantile_of(expr, share) -%} quantile_cont({{ expr }}, {{ share }}) {%- endmacro %}
{% macro any_true(expr) -%} coalesce(bool_or({{ expr }}), false) {%- endmacro %}

{#- Whole days from start to end, negative when end is earlier. -#}
{% macro days_between(start_day, end_day) -%} date_diff('day', {{ start_day }}, {{ end_day }}) {%- endmacro %}

{% macro edit_distance(a, b) -%} levenshtein({{ a }}, {{ b }}) {%- endmacro %}

{% macro hash_text(parts) -%}
    md5(concat_ws(chr(31){% for part in parts %}, coalesce(cast({{ part }} as varchar), '')
        {%- endfor %}))
{%- endmacro %}

{% macro is_period(expr) -%} regexp_full_match({{ expr }}, '\d{4}Q[1-4]') {%- endmacro %}

{#- A moment as a clerk reads it, Shanghai time (the session's TimeZone). -#}
{% macro moment_text(expr) -%} strftime({{ expr }}, '%Y-%m-%d %H:%M') {%- endmacro %}

{#- A number as a person reads it: at most `digits` decimals, no trailing zeros. -#}
{% macro number_text(expr, digits=2) -%}
    regexp_replace(printf('%.{{ digits }}f', cast({{ expr }} as double)), '\.?0+$', '')
{%- endmacro %}

{#- Text without outer blanks; blank is null. -#}
{% macro clean_text(expr) -%} nullif(trim({{ expr }}), '') {%- endmacro %}

{#- Text without any white space, blank where there is none; full-width letters as they are. -#}
{% macro bare_text(expr) -%} regexp_replace(coalesce({{ expr }}, ''), '\s', '', 'g') {%- endmacro %}

{#- Key under which unit names are compared: no white space, half-width brackets. -#}
{% macro unit_key(expr) -%}
    replace(replace(regexp_replace({{ expr }}, '\s', '', 'g'), '（', '('), '）', ')')
{%- endmacro %}

{#- One row per object of a JSON array: the keys of its row, the object as `element`, its position `seq` from 1. -#}
{% macro json_elements(relation, keys, column) -%}
    (
        select {{ keys }}, seq, from_json({{ column }}, '["JSON"]')[seq] as element
        from (
            select {{ keys }}, {{ column }}, unnest(range(1, cast(json_array_length({{ column }}) as bigint) + 1)) as seq from {{ relation }}
        ) as positions
    ) as elements
{%- endmacro %}

{% macro json_text(element, name) -%} json_extract_string({{ element }}, '$.{{ name }}') {%- endmacro %}
