select
    programme_id,
    period,
    reporter_id,
    special_id,
    {{ stored('task_score') }} as task_score,
    {{ stored('indicator_score') }} as indicator_score,
    {{ stored('score') }} as score,
    case
        when score is not null
            then rank() over (
                partition by programme_id, period, special_id, score is null
                order by {{ rank_key('score') }} desc
            )
    end as rank
from {{ ref('int_special_scores') }}
