-- A value where the registry says not applicable, or 不适用 written where it says the indicator applies: then this rule alone
-- speaks of the cell (neither F03 nor K02).
{% set message %}
    case
        when state = 'not_applicable'
            then concat_ws('', '指标“', name, '”已核定为不适用，却填报了 ', {{ number_text('sent_value', 6) }}, '，该值不计分')
        else concat_ws('', '指标“', name, '”填写的是“', {{ clean_text('value_raw') }}, '”，登记目录没有核定本单位不适用，按未报处理')
    end
{% endset %}
{{ check_rows(
    rule='K03',
    index=ref('int_indicator_states'),
    entity=("'indicator'", 'indicator_id'),
    applies="state = 'not_applicable' or receipt_id is not null",
    fails="(state = 'not_applicable' and sent_value is not null) or (state in ('not_submitted', 'no_practice') and answer = 'not_applicable_text')",
    field="'value'",
    raw_value='value_raw',
    message=message
) }}
