{#- One rule over one index: every row of the index comes back with a status; only failures carry a message.

    index      relation or (subquery): the rows the rule looks at
    entity     (type, id) as SQL expressions
    applies    false -> not_applicable; evaluable false -> not_evaluable; then fails -> fail, else pass
    message    what is wrong, with the value; the remedy is added from the catalogue
    registry   file of the registry the rule speaks about (then period and reporter are null and field is its column)
    place      'row' (receipt_id, path, sheet, row_number of the index) or 'none'
    part       what tells two rows of one entity and place apart
    parameters the numbers the rule judged with, as text: 'name=number; name=number' -#}
{% macro check_rows(
    rule, index, entity, fails, message, applies='true', evaluable='true', registry=none, place='row',
    period='period', reporter='reporter_id', field='null', raw_value='null', part='null', parameters='null'
) %}
select
    '{{ rule }}' as rule_id,
    programme_id,
    cast({{ 'null' if registry else period }} as string) as period,
    cast({{ 'null' if registry else reporter }} as string) as reporter_id,
    {{ entity[0] }} as entity_type,
    {{ entity[1] }} as entity_id,
    cast({{ part }} as string) as part,
    cast({{ 'null' if registry or place == 'none' else 'receipt_id' }} as string) as receipt_id,
    cast(
        {%- if registry %} concat_ws('', 'registry/', programme_id, '/{{ registry }}')
        {%- elif place == 'none' %} null
        {%- else %} path
        {%- endif %} as string
    ) as path,
    cast({{ 'null' if registry or place == 'none' else 'sheet' }} as string) as sheet,
    cast({{ 'null' if place == 'none' else 'row_number' }} as bigint) as row_number,
    cast({{ field }} as string) as field,
    cast({{ raw_value }} as string) as raw_value,
    case
        when not coalesce({{ applies }}, false) then 'not_applicable'
        when not coalesce({{ evaluable }}, false) then 'not_evaluable'
        when coalesce({{ fails }}, false) then 'fail'
        else 'pass'
    end as status,
    case
        when coalesce({{ applies }}, false) and coalesce({{ evaluable }}, false) and coalesce({{ fails }}, false)
            then cast({{ message }} as string)
    end as message,
    cast({{ parameters }} as string) as parameters
from {{ index }} as entity_index
{% endmacro %}

{#- Every rule model with the relations whose rows are its index: int_check_rows unites them, a test counts them.
    Q01 judges the fire rates of the others and joins them in check_results only. -#}
{% macro check_models() %}
    {% set tasks = ['int_tasks'] %}
    {% set task_states = ['int_task_states'] %}
    {% set indicator_states = ['int_indicator_states'] %}
    {{ return([
        ('D01', 'int_check__d01_late', ['reporting']),
        ('D02', 'int_check__d02_not_submitted', ['reporting']),
        ('D03', 'int_check__d03_resubmissions', ['reporting']),
        ('D04', 'int_check__d04_coverage', ['int_reporter_scores']),
        ('F04', 'int_check__f04_deadline_malformed', tasks),
        ('F08', 'int_check__f08_same_file', ['stg_receipts']),
        ('H01', 'int_check__h01_progress_falls', task_states),
        ('H02', 'int_check__h02_cumulated_falls', indicator_states),
        ('H03', 'int_check__h03_change_without_note', indicator_states),
        ('H04', 'int_check__h04_change_against_peers', indicator_states),
        ('H05', 'int_check__h05_unchanged', indicator_states),
        ('H06', 'int_check__h06_frozen_value_changed', ['stg_progress', 'stg_indicator_values']),
        ('H07', 'int_check__h07_target_book', ['int_registry_changes']),
        ('H08', 'int_check__h08_deadline_moved', ['int_registry_changes']),
        ('H09', 'int_check__h09_open_task_removed', ['int_registry_changes']),
        ('H10', 'int_check__h10_beyond_frontier', indicator_states),
        ('H11', 'int_check__h11_reopened', task_states),
        ('I09', 'int_check__i09_worse_than_baseline', indicator_states),
        ('K02', 'int_check__k02_value_missing', indicator_states),
        ('K03', 'int_check__k03_value_not_applicable', indicator_states),
        ('K04', 'int_check__k04_no_reason', ['stg_applicability']),
        ('K06', 'int_check__k06_not_owed', ['stg_progress', 'stg_indicator_values']),
        ('P01', 'int_check__p01_weights', ['stg_programmes', 'stg_programmes']),
        ('P05', 'int_check__p05_target_looser', ['stg_targets']),
        ('P06', 'int_check__p06_frontier_worse', ['stg_targets']),
        ('P07', 'int_check__p07_frontier_worst', ['stg_indicators']),
        ('P08', 'int_check__p08_zero_range', ['int_indicator_cohorts']),
        ('Q01', 'int_check__q01_fire_rate', ['rule_stats']),
        ('Q02', 'int_check__q02_confirmation', ['stg_confirmations']),
        ('Q03', 'int_check__q03_relation', ['int_relation_states']),
        ('Q04', 'int_check__q04_own_history', indicator_states),
        ('R01', 'int_check__r01_rank_change', ['ranking']),
        ('R02', 'int_check__r02_score_against_values', ['int_reporter_scores']),
        ('R03', 'int_check__r03_black_list_unsure', ['ranking']),
        ('R04', 'int_check__r04_not_reproducible', ['stg_published_ranks']),
        ('T01', 'int_check__t01_start_after_due', tasks),
        ('T02', 'int_check__t02_no_deadline_or_lead', tasks),
        ('T03', 'int_check__t03_lead_cooperates', tasks),
        ('T04', 'int_check__t04_several_leads', tasks),
        ('T05', 'int_check__t05_status_against_progress', task_states),
        ('T06', 'int_check__t06_completion_date', task_states),
        ('T07', 'int_check__t07_overdue', task_states),
        ('T08', 'int_check__t08_due_soon', task_states),
        ('T09', 'int_check__t09_behind', task_states),
        ('T10', 'int_check__t10_no_evidence', task_states),
        ('T11', 'int_check__t11_evidence_reused', task_states),
        ('T12', 'int_check__t12_conditional_deadline', tasks),
        ('T14', 'int_check__t14_no_summary', task_states),
        ('U01', 'int_check__u01_unit_name', ['int_unit_mentions']),
        ('V02', 'int_check__v02_soft_range', indicator_states),
        ('V03', 'int_check__v03_unit_slip', indicator_states),
        ('V08', 'int_check__v08_children_sum', indicator_states),
        ('V09', 'int_check__v09_quarters_sum', indicator_states),
        ('X03', 'int_check__x03_disagree', ['stg_progress', 'stg_indicator_values']),
        ('Z01', 'int_check__z01_rectification_overdue', ['rectification']),
        ('Z02', 'int_check__z02_closed_incomplete', ['rectification']),
    ]) }}
{% endmacro %}

{#- What a kind of submission is called. -#}
{% macro kind_text(expr) -%}
    case {{ expr }} when 'progress' then '任务进展' when 'indicators' then '指标数据' else {{ expr }} end
{%- endmacro %}

{#- The name of a cumulated indicator without its first word (年内累计受理件数 → 受理件数); null for any other. -#}
{% macro cumulated_base(name) -%}
    case
        {% for word in ['年内累计', '本年累计', '当年累计', '年度累计', '全年累计', '年初累计', '累计'] -%}
        when {{ name }} like '{{ word }}%' then {{ clean_text("substr(" ~ name ~ ", " ~ (word | length + 1) ~ ")") }}
        {% endfor %}
    end
{%- endmacro %}

{#- Values of reporters can be added: the unit counts things or money, and the name speaks of no mean. -#}
{% macro is_additive(indicator) -%}
    (
        {{ bare_text(indicator ~ '.unit') }} in (
            {%- for unit in ['个', '件', '户', '家', '项', '条', '次', '人', '名', '人次', '件次', '场', '场次', '笔', '宗', '起', '份', '台', '批',
                '套', '处', '辆', '元', '万元', '亿元', '万个', '万件', '万户', '万人', '万人次', '万笔', '公顷', '亩', '万亩'] -%}
            '{{ unit }}'{{ ', ' if not loop.last }}
            {%- endfor -%}
        )
        and {{ indicator }}.numerator is null
        and {{ indicator }}.denominator is null
        and {{ indicator }}.name not like '%平均%'
        and {{ indicator }}.name not like '%人均%'
        and {{ indicator }}.name not like '%户均%'
        and {{ indicator }}.name not like '%每%'
    )
{%- endmacro %}

{#- Tolerance of a sum of rounded numbers: half a unit of the last decimal per term; whole numbers are exact. -#}
{% macro sum_tolerance(decimals, terms) -%}
    case
        when coalesce({{ decimals }}, 0) <= 0 then 0.5 - 1e-9
        else 0.5 * power(10.0, -{{ decimals }}) * {{ terms }} + 1e-9
    end
{%- endmacro %}

{#- Year and quarter of a period (2021Q3). -#}
{% macro period_year(period) -%} substr({{ period }}, 1, 4) {%- endmacro %}
{% macro period_quarter(period) -%} cast(substr({{ period }}, 6, 1) as integer) {%- endmacro %}

{#- Two given values that are not the same; null says nothing. -#}
{% macro differs(a, b) -%}
    coalesce(round(abs({{ a }} - {{ b }}), 9) > 0, false)
{%- endmacro %}

{#- What submissions say, tasks and indicators alike: status and number of every row. Not a model, not a CTE: a database that keeps what is
    read several times would write down every row, of which few are looked at. -#}
{% macro rows_said() -%}
(
    select
        programme_id, period, reporter_id, 'task' as entity_type, task_id as entity_id, receipt_id, path, sheet,
        row_number, status, status_raw, progress_pct as number, progress_raw as number_raw, 'progress_pct' as number_field
    from {{ ref('stg_progress') }}
    union all
    select
        programme_id, period, reporter_id, 'indicator' as entity_type, indicator_id as entity_id, receipt_id, path, sheet,
        row_number, null as status, null as status_raw, value as number, value_raw as number_raw, 'value' as number_field
    from {{ ref('stg_indicator_values') }}
)
{%- endmacro %}
