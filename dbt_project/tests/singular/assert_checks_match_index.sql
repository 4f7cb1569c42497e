{{ config(meta={'dagster': {'ref': {'name': 'check_results'}}}) }}
-- Every rule judged every row of its index once: nothing is silently left out.
with judged as (
    select rule_id, sum(places) as lines from {{ ref('check_results') }} group by rule_id
),

expected as (
    {% for rule_id, model, index in check_models() %}
    select
        '{{ rule_id }}' as rule_id,
        {% for relation in index %}(select count(*) from {{ ref(relation) }}){{ ' + ' if not loop.last }}{% endfor %} as lines
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select e.rule_id, e.lines as index_lines, j.lines as judged_lines
from expected as e
left join judged as j on e.rule_id = j.rule_id
where e.lines <> coalesce(j.lines, 0)
