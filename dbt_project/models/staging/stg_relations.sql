-- Terms of the relations between indicators: the sum of coefficient · value over a relation is 0.
with terms as (
    {{ first_lines(source('raw', 'relations'), ['programme_id', 'relation_id', 'indicator_id']) }}
)

select
    programme_id,
    relation_id,
    indicator_id,
    coefficient,
    row_number,
    row_number() over (partition by programme_id, relation_id order by row_number) as term_no,
    count(*) over (partition by programme_id, relation_id) as terms,
    min({{ clean_text('name') }}) over (partition by programme_id, relation_id) as relation_name
from terms
