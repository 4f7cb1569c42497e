with indicators as (
    {{ first_lines(source('raw', 'indicators'), ['programme_id', 'indicator_id']) }}
)

select
    programme_id,
    indicator_id,
    special_id,
    name,
    unit,
    polarity,
    decimals,
    baseline,
    frontier,
    worst,
    coalesce(method, 'auto') as method,
    coalesce(exponent, 1.0) as exponent,
    weight as weight_given,
    {{ filled_weight('weight', 'programme_id, special_id') }} as weight,
    valid_min,
    valid_max,
    numerator,
    denominator,
    multiplier,
    position,
    row_number
from indicators
