{#- One rule over one index: every row of the index comes back with a status; only failures carry a message.

    index      relation or (subquery): the rows the rule looks at
    entity     (type, id) as SQL expressions
    applies    false -> not_applicable; evaluable false -> not_evaluable; then fails -> fail, else pass
    message    what is wrong, with the value; the remedy is added from the catalogue
    registry   file of the registry the rule speaks about (then period and reporter are null and field is its column)
    place      'row' (receipt_id, path, sheet, row_number of the index) or 'none'
    part       what tells two rows of one entity and place apart -#}
{% macro check_rows(
    rule, index, entity, fails, message, applies='true', evaluable='true', registry=none, place='row',
    period='period', reporter='reporter_id', field='null', raw_value='null', part='null'
) %}
select
    '{{ rule }}' as rule_id,
    programme_id,
    cast({{ 'null' if registry else period }} as varchar) as period,
    cast({{ 'null' if registry else reporter }} as varchar) as reporter_id,
    {{ entity[0] }} as entity_type,
    {{ entity[1] }} as entity_id,
    cast({{ part }} as varchar) as part,
    cast({{ 'null' if registry or place == 'none' else 'receipt_id' }} as varchar) as receipt_id,
    cast(
        {%- if registry %} concat('registry/', programme_id, '/{{ registry }}')
        {%- elif place == 'none' %} null
        {%- else %} path
        {%- endif %} as varchar
    ) as path,
    cast({{ 'null' if registry or place == 'none' else 'sheet' }} as varchar) as sheet,
    cast({{ 'null' if place == 'none' else 'row_number' }} as bigint) as row_number,
    cast({{ field }} as varchar) as field,
    cast({{ raw_value }} as varchar) as raw_value,
    case
        when not coalesce({{ applies }}, false) then 'not_applicable'
        when not coalesce({{ evaluable }}, false) then 'not_evaluable'
        when coalesce({{ fails }}, false) then 'fail'
        else 'pass'
    end as status,
    case
        when coalesce({{ applies }}, false) and coalesce({{ evaluable }}, false) and coalesce({{ fails }}, false)
            then cast({{ message }} as varchar)
    end as message
from {{ index }} as entity_index
{% endmacro %}

{#- Every rule model with the relations whose rows are its index: check_results unites them, a test counts them. -#}
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
        ('H03', 'int_check__h03_change_without_note', indicator_states),
        ('H11', 'int_check__h11_reopened', task_states),
        ('I09', 'int_check__i09_worse_than_baseline', indicator_states),
        ('K02', 'int_check__k02_value_missing', indicator_states),
        ('K03', 'int_check__k03_value_not_applicable', indicator_states),
        ('K06', 'int_check__k06_not_owed', ['stg_progress', 'stg_indicator_values']),
        ('P01', 'int_check__p01_weights', ['stg_programmes', 'stg_programmes']),
        ('P05', 'int_check__p05_target_looser', ['stg_targets']),
        ('P06', 'int_check__p06_frontier_worse', ['stg_targets']),
        ('P07', 'int_check__p07_frontier_worst', ['stg_indicators']),
        ('P08', 'int_check__p08_zero_range', ['int_indicator_cohorts']),
        ('R01', 'int_check__r01_rank_change', ['ranking']),
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
        ('Z01', 'int_check__z01_rectification_overdue', ['rectification']),
        ('Z02', 'int_check__z02_closed_incomplete', ['rectification']),
    ]) }}
{% endmacro %}

{#- What a kind of submission is called. -#}
{% macro kind_text(expr) -%}
    case {{ expr }} when 'progress' then '任务进展' when 'indicators' then '指标数据' else {{ expr }} end
{%- endmacro %}
