{#- Everything that is not plain SQL on every engine stands here, so that another adapter overrides this file only. A macro with
    a `spark__` beside its `default__` says the same on Apache Spark; docs/spark.md says what else the models keep to. -#}

{#- Last non-null value of expr in the order of seq (aggregate). -#}
{% macro last_known(expr, seq, where='true') -%}
    max_by({{ expr }}, {{ seq }}) filter (where ({{ expr }}) is not null and ({{ where }}))
{%- endmacro %}

{#- First non-null value of expr in the order of seq (aggregate). -#}
{% macro first_known(expr, seq, where='true') -%}
    min_by({{ expr }}, {{ seq }}) filter (where ({{ expr }}) is not null and ({{ where }}))
{%- endmacro %}

{#- Texts joined in an explicit order, all of it ascending and not null (aggregate). -#}
{% macro joined_text(expr, order_by, where='true', separator='、') -%}
    {{ return(adapter.dispatch('joined_text')(expr, order_by, where, separator)) }}
{%- endmacro %}

{% macro default__joined_text(expr, order_by, where, separator) -%}
    string_agg({{ expr }}, '{{ separator }}' order by {{ order_by }}) filter (where {{ where }})
{%- endmacro %}

{#- array_join of nothing is '', string_agg of nothing is null. -#}
{% macro spark__joined_text(expr, order_by, where, separator) -%}
    case when count({{ expr }}) filter (where {{ where }}) > 0 then array_join(
        transform(
            array_sort(collect_list(struct({{ order_by }}, {{ expr }} as joined_item)) filter (where {{ where }})),
            item -> item.joined_item
        ),
        '{{ separator }}'
    ) end
{%- endmacro %}

{% macro median_of(expr) -%} median({{ expr }}) {%- endmacro %}

{#- Quantile between order statistics, linear (type 7; aggregate). -#}
{% macro quantile_of(expr, share) -%} {{ return(adapter.dispatch('quantile_of')(expr, share)) }} {%- endmacro %}
{% macro default__quantile_of(expr, share) -%} quantile_cont({{ expr }}, {{ share }}) {%- endmacro %}
{% macro spark__quantile_of(expr, share) -%} percentile({{ expr }}, {{ share }}) {%- endmacro %}

{% macro any_true(expr) -%} coalesce(bool_or({{ expr }}), false) {%- endmacro %}

{#- Whole days from start to end, negative when end is earlier. -#}
{% macro days_between(start_day, end_day) -%}
    {{ return(adapter.dispatch('days_between')(start_day, end_day)) }}
{%- endmacro %}
{% macro default__days_between(start_day, end_day) -%} date_diff('day', {{ start_day }}, {{ end_day }}) {%- endmacro %}
{% macro spark__days_between(start_day, end_day) -%} datediff({{ end_day }}, {{ start_day }}) {%- endmacro %}

{#- Between bytes: a Chinese character that differs counts up to three. -#}
{% macro edit_distance(a, b) -%} {{ return(adapter.dispatch('edit_distance')(a, b)) }} {%- endmacro %}
{% macro default__edit_distance(a, b) -%} levenshtein({{ a }}, {{ b }}) {%- endmacro %}
{#- Spark compares characters; read as Latin-1 every byte is one. -#}
{% macro spark__edit_distance(a, b) -%}
    levenshtein(decode(encode({{ a }}, 'UTF-8'), 'ISO-8859-1'), decode(encode({{ b }}, 'UTF-8'), 'ISO-8859-1'))
{%- endmacro %}

{% macro hash_text(parts) -%}
    md5(concat_ws(chr(31){% for part in parts %}, coalesce(cast({{ part }} as string), '')
        {%- endfor %}))
{%- endmacro %}

{% macro is_period(expr) -%} {{ return(adapter.dispatch('is_period')(expr)) }} {%- endmacro %}
{% macro default__is_period(expr) -%} regexp_full_match({{ expr }}, '\d{4}Q[1-4]') {%- endmacro %}
{% macro spark__is_period(expr) -%} {{ expr }} rlike r'\A[0-9]{4}Q[1-4]\z' {%- endmacro %}

{#- A moment as a clerk reads it, Shanghai time (the session's TimeZone). -#}
{% macro moment_text(expr) -%} {{ return(adapter.dispatch('moment_text')(expr)) }} {%- endmacro %}
{% macro default__moment_text(expr) -%} strftime({{ expr }}, '%Y-%m-%d %H:%M') {%- endmacro %}
{% macro spark__moment_text(expr) -%} date_format({{ expr }}, 'yyyy-MM-dd HH:mm') {%- endmacro %}

{#- A number as a person reads it: at most `digits` decimals, no trailing zeros. -#}
{% macro number_text(expr, digits=2) -%} {{ return(adapter.dispatch('number_text')(expr, digits)) }} {%- endmacro %}
{% macro default__number_text(expr, digits) -%}
    regexp_replace(printf('%.{{ digits }}f', cast({{ expr }} as double)), '\.?0+$', '')
{%- endmacro %}
{#- printf of C rounds the double itself, half to even; Java rounds its shortest decimal text, half up. So here: whole = the
    number in units of the last digit, cut off; rest = sign of (number - half way to the next unit), exact because the number
    is split into a part of 26 bits and what is left (Dekker 1971). Holds below 2^53 units. -#}
{% macro spark__number_text(expr, digits) -%}
    {%- set units = 10 ** digits -%}
    transform(
        transform(
            transform(
                transform(array(cast({{ expr }} as double)), x -> struct(
                    x < 0 as below_zero,
                    abs(x) as x,
                    (134217729D * abs(x)) - ((134217729D * abs(x)) - abs(x)) as high,
                    floor(abs(x) * {{ units }}) as whole
                )),
                n -> struct(
                    n.below_zero, n.whole, (n.high * {{ 2 * units }} - (2 * n.whole + 1)) + (n.x - n.high) * {{ 2 * units }} as rest
                )
            ),
            n -> struct(
                n.below_zero, n.whole + case when n.rest > 0 then 1 when n.rest < 0 then 0 else n.whole % 2 end as whole
            )
        ),
        n -> concat(
            case when n.below_zero then '-' else '' end, n.whole div {{ units }},
            regexp_replace(concat('.', lpad(n.whole % {{ units }}, {{ digits }}, '0')), r'\.?0+$', '')
        )
    )[0]
{%- endmacro %}

{#- Text without outer blanks; blank is null. -#}
{% macro clean_text(expr) -%} nullif(trim({{ expr }}), '') {%- endmacro %}

{#- Text without any white space (ASCII). -#}
{% macro without_space(expr) -%} {{ return(adapter.dispatch('without_space')(expr)) }} {%- endmacro %}
{% macro default__without_space(expr) -%} regexp_replace({{ expr }}, '\s', '', 'g') {%- endmacro %}
{% macro spark__without_space(expr) -%} regexp_replace({{ expr }}, r'[\t\n\f\r ]', '') {%- endmacro %}

{#- Text without any white space, blank where there is none; full-width letters as they are. -#}
{% macro bare_text(expr) -%} {{ without_space("coalesce(" ~ expr ~ ", '')") }} {%- endmacro %}

{#- Key under which unit names are compared: no white space, half-width brackets. -#}
{% macro unit_key(expr) -%} replace(replace({{ without_space(expr) }}, '（', '('), '）', ')') {%- endmacro %}

{#- One row per object of a JSON array: the keys of its row, the object as `element`, its position `seq` from 1. -#}
{% macro json_elements(relation, keys, column) -%}
    {{ return(adapter.dispatch('json_elements')(relation, keys, column)) }}
{%- endmacro %}

{% macro default__json_elements(relation, keys, column) -%}
    (
        select {{ keys }}, seq, from_json({{ column }}, '["JSON"]')[seq] as element
        from (
            select {{ keys }}, {{ column }}, unnest(range(1, cast(json_array_length({{ column }}) as bigint) + 1)) as seq from {{ relation }}
        ) as positions
    ) as elements
{%- endmacro %}

{% macro spark__json_elements(relation, keys, column) -%}
    (
        select {{ keys }}, place + 1 as seq, element
        from {{ relation }} lateral view posexplode(from_json({{ column }}, 'array<string>')) positions as place, element
    ) as elements
{%- endmacro %}

{% macro json_text(element, name) -%} {{ return(adapter.dispatch('json_text')(element, name)) }} {%- endmacro %}
{% macro default__json_text(element, name) -%} json_extract_string({{ element }}, '$.{{ name }}') {%- endmacro %}
{% macro spark__json_text(element, name) -%} get_json_object({{ element }}, '$.{{ name }}') {%- endmacro %}
