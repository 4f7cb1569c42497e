-- Stands on the registry line of the indicator, per period.
{% set cohorts %}(
    select
        *, null as reporter_id, null as receipt_id, null as sheet,
        concat_ws('', 'registry/', programme_id, '/indicators.csv') as path
    from {{ ref('int_indicator_cohorts') }}
){% endset %}
{{ check_rows(
    rule='P08',
    index=cohorts,
    entity=("'indicator'", 'indicator_id'),
    evaluable='values_given >= 2',
    fails='lowest = highest',
    field="'indicator_id'",
    raw_value='indicator_id',
    message="concat_ws('', name, '各填报主体取值相同（', " ~ number_text('lowest', 6) ~ ", '），无区分度')"
) }}
