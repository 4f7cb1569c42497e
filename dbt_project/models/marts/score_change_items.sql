-- What moved a reporter's total most, and one line for everything else: the contributions sum to score_own of rank_changes.
select
    programme_id,
    period,
    reporter_id,
    cast(seq as integer) as seq,
    {{ json_text('element', 'component') }} as component,
    {{ json_text('element', 'special_id') }} as special_id,
    {{ json_text('element', 'item_id') }} as item_id,
    {{ json_text('element', 'item_name') }} as item_name,
    {{ stored(json_text('element', 'old_score')) }} as old_score,
    {{ stored(json_text('element', 'new_score')) }} as new_score,
    {{ stored(json_text('element', 'contribution')) }} as contribution
from {{ json_elements(ref('int_rank_moves'), 'programme_id, period, reporter_id', 'items') }}
