{#- Scores of section 7 of the contract as expressions, so that the states and the question "what if this value were
    another one?" (int_finding_changes) share one formula. -#}

{#- Score of an indicator's value; the row gives method, worst, frontier, exponent, baseline, target, polarity, direction. -#}
{% macro indicator_value_score(value) -%}
    case
        when method = 'dtf'
            then 100.0 * power({{ clamp(ratio('worst - ' ~ value, 'worst - frontier')) }}, exponent)
        when method is null then null
        when baseline is not null and baseline <> target
            then 100.0 * {{ clamp(ratio(value ~ ' - baseline', 'target - baseline')) }}
        when direction * {{ value }} >= direction * target then 100.0
        when baseline is not null or target <= 0 then 0.0
        when polarity = 'lower' then 100.0 * {{ clamp(ratio('target', value)) }}
        else 100.0 * {{ clamp(ratio(value, 'target')) }}
    end
{%- endmacro %}

{#- The list a place leads to: none where red and black together leave nobody between, or in a quarter published without lists.
    Ties at an edge are in, or out where the programme says so (then the last place of a tie decides). The row gives red, black,
    ties, black_exception and lists_kept (stg_periods). -#}
{% macro list_of(ranked_count, rank, rank_from_end, all_targets_reached) -%}
    case
        when not lists_kept or {{ ranked_count }} < red + black + 1 then null
        when case when ties = 'exclude' then {{ ranked_count }} + 1 - {{ rank_from_end }} else {{ rank }} end <= red then 'red'
        when
            case when ties = 'exclude' then {{ ranked_count }} + 1 - {{ rank }} else {{ rank_from_end }} end <= black
            and not (black_exception = 'all_targets' and {{ all_targets_reached }})
            then 'black'
    end
{%- endmacro %}

{#- Whether the quarter is published with lists; no_lists: quarters joined with ;. -#}
{% macro lists_are_kept(period, no_lists) -%}
    coalesce(position(concat_ws('', ';', {{ period }}, ';') in concat_ws('', ';', {{ no_lists }}, ';')), 0) = 0
{%- endmacro %}

{#- Scores on [1, 100], where no zero kills a geometric mean, and back (research/methods.md section 5). -#}
{% macro from_zero(score) -%} ln(1.0 + 0.99 * ({{ score }})) {%- endmacro %}
{% macro to_zero(mean_of_logs) -%} (exp({{ mean_of_logs }}) - 1.0) / 0.99 {%- endmacro %}

{#- Two components of one row by the programme's method; copeland compares whole specials, its components are arithmetic. -#}
{% macro joined_components(a, weight_a, b, weight_b, aggregation) -%}
    case
        when {{ aggregation }} = 'geometric'
            then {{ to_zero(combined(from_zero(a), weight_a, from_zero(b), weight_b)) }}
        else {{ combined(a, weight_a, b, weight_b) }}
    end
{%- endmacro %}

{#- A component over the specials that have any (aggregate; group by the aggregation too). -#}
{% macro mean_of_specials(score, weight, aggregation) -%}
    case
        when {{ aggregation }} = 'geometric' then {{ to_zero(weighted_mean(from_zero(score), weight)) }}
        else {{ weighted_mean(score, weight) }}
    end
{%- endmacro %}

{#- k: the number of the first unmet milestone of a task that is not completed, the last one when none is unmet. -#}
{% macro milestone_at(progress_pct, milestone_count) -%}
    case
        when {{ progress_pct }} >= 100 then {{ milestone_count }}
        else least(
            cast(floor({{ progress_pct }} * {{ milestone_count }} / 100.0) as integer) + 1, {{ milestone_count }}
        )
    end
{%- endmacro %}

{#- e: the share that is expected at period_end for milestone k of n. -#}
{% macro expected_share(milestone_no, milestone_count, start_date, due_date, period_end) -%}
    {{ ratio(milestone_no, milestone_count) }} * case
        when {{ start_date }} >= {{ due_date }}
            then case when {{ due_date }} <= {{ period_end }} then 1.0 else 0.0 end
        else {{ clamp(ratio(days_between(start_date, period_end), days_between(start_date, due_date))) }}
    end
{%- endmacro %}

{#- Score of a completed task. -#}
{% macro completed_score(days_late, late_floor, late_per_day) -%}
    case
        when {{ days_late }} > 0 then greatest({{ late_floor }}, 100.0 - {{ late_per_day }} * {{ days_late }})
        else 100.0
    end
{%- endmacro %}

{#- Score of a task with milestones that is not completed; null while nothing is expected yet. -#}
{% macro open_score(overdue, progress_pct, expected, overdue_cap) -%}
    case
        when {{ overdue }} then least({{ overdue_cap }}, {{ progress_pct }})
        when {{ expected }} > 0 then 100.0 * least(1.0, {{ progress_pct }} / (100.0 * {{ expected }}))
    end
{%- endmacro %}

{#- Usual factors between units (rule V03): ten and its powers, hours of a day, minutes of an hour; and their inverses. -#}
{% macro unit_factors() -%}
    {{ return([10, 24, 60, 100, 1000, 1 / 10, 1 / 24, 1 / 60, 1 / 100, 1 / 1000]) }}
{%- endmacro %}

{% macro is_unit_slip(ratio_to_peers, unit_factor) -%}
    abs({{ ratio_to_peers }} / {{ unit_factor }} - 1) <= 0.05
{%- endmacro %}

{#- Weighted mean after a change: (above, below) of a relation and their changes. Noise of the subtraction must not leave a
    weight where nothing counts any more. -#}
{% macro mean_after(sums, change) -%}
    case
        when coalesce({{ sums }}.below, 0) + {{ change }}.below_change > 1e-9
            then (coalesce({{ sums }}.above, 0) + {{ change }}.above_change)
                / (coalesce({{ sums }}.below, 0) + {{ change }}.below_change)
    end
{%- endmacro %}
