-- Before the cut-off nothing is missing yet. 不适用 written in the cell is rule K03's, and only its own.
{% set message %}
    concat_ws(
        '',
        '应报未报：', name,
        case
            when {{ clean_text('value_raw') }} is not null
                then concat_ws('', '，填写的“', substr({{ clean_text('value_raw') }}, 1, 60), '”不是数值')
            else ''
        end
    )
{% endset %}
{{ check_rows(
    rule='K02',
    index=ref('int_indicator_states'),
    entity=("'indicator'", 'indicator_id'),
    applies="state <> 'not_applicable' and not (state = 'not_submitted' and coalesce(answer, '') = 'not_applicable_text')",
    evaluable='cutoff_passed',
    fails="state = 'not_submitted'",
    field="'value'",
    raw_value='value_raw',
    message=message
) }}
