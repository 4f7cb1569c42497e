{#- What a ratio and a range mean, for the models. `quality/suites/indicators.py` judges V01, V06, V07 and V10 on raw rows with the
    same numbers; tests/integration/test_proposals.py compares the two. -#}

{% macro percent_units() %}{{ return(['%', '％', '百分比']) }}{% endmacro %}

{% macro time_units() %}
    {{ return(['年', '月', '个月', '周', '天', '日', '自然日', '工作日', '个工作日', '小时', '个小时', '分钟', '秒']) }}
{% endmacro %}

{#- How far a rate may be from its quotient (V06), in units of the value. -#}
{% macro ratio_tolerance() -%} 0.05 {%- endmacro %}

{% macro unit_in(indicator, units) -%}
    coalesce(trim({{ indicator }}.unit) in ('{{ units | join("', '") }}'), false)
{%- endmacro %}

{% macro is_share(indicator) -%}
    ({{ indicator }}.numerator is not null and {{ indicator }}.denominator is not null)
{%- endmacro %}

{#- rate = factor · numerator / denominator -#}
{% macro ratio_factor(indicator) -%}
    coalesce({{ indicator }}.multiplier, case when {{ unit_in(indicator, percent_units()) }} then 100.0 else 1.0 end)
{%- endmacro %}

{#- The hard range of V01; null is open. -#}
{% macro range_low(indicator) -%}
    case
        when {{ indicator }}.valid_min is not null or {{ indicator }}.valid_max is not null then {{ indicator }}.valid_min
        when {{ unit_in(indicator, time_units()) }} then 0.0
        when {{ unit_in(indicator, percent_units()) }} and {{ is_share(indicator) }} then 0.0
    end
{%- endmacro %}

{% macro range_high(indicator) -%}
    case
        when {{ indicator }}.valid_min is not null or {{ indicator }}.valid_max is not null then {{ indicator }}.valid_max
        when {{ unit_in(indicator, percent_units()) }} and {{ is_share(indicator) }} then 100.0
    end
{%- endmacro %}
