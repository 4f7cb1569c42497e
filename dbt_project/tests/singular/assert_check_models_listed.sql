{{ config(meta={'dagster': {'ref': {'name': 'check_rules'}}}) }}
-- Files int_check__*, macro check_models() and the catalogue (home model, active) name the same rules.
{% set listed = check_models() %}
{% set names = listed | map(attribute=1) | list %}
with implemented as (
    {% for rule_id, model, index in listed %}
    select '{{ rule_id }}' as rule_id, '{{ model }}' as model
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select i.rule_id, i.model, 'not an active model rule of the catalogue' as problem
from implemented as i
left join {{ ref('check_rules') }} as r on i.rule_id = r.rule_id and r.home = 'model' and r.state = 'active'
where r.rule_id is null

union all

select r.rule_id, null as model, 'no model' as problem
from {{ ref('check_rules') }} as r
left join implemented as i on r.rule_id = i.rule_id
where r.home = 'model' and r.state = 'active' and i.rule_id is null

{% if execute %}
{% for node in graph.nodes.values()
    if node.resource_type == 'model' and node.name.startswith('int_check__') and node.name not in names %}
union all
select null as rule_id, '{{ node.name }}' as model, 'not in check_models()' as problem
{% endfor %}
{% endif %}
