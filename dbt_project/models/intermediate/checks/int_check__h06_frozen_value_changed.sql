-- A file that came after the freeze of its own period, against what that period's files had said by then, key by key. Any other
-- indicator value is a change of the past; of a task only a step back is (less progress, completion or cancellation withdrawn,
-- cancelled afterwards): work that went on after the freeze is news, not a change.
{% set step %}case {0} when 'not_started' then 0 when 'in_progress' then 1 when 'ongoing' then 1 when 'completed' then 2 end{% endset %}
{% set rows %}(
    with moments as (
        select
            r.receipt_id, r.receipt_seq, r.programme_id, r.period, r.reporter_id, r.received_at, q.freeze_at,
            max_as_of.moment as known_until
        from {{ ref('stg_receipts') }} as r
        inner join {{ ref('stg_periods') }} as q on r.programme_id = q.programme_id and r.period = q.period
        inner join (select programme_id, max(as_of) as moment from {{ ref('stg_periods') }} group by programme_id) as max_as_of
            on r.programme_id = max_as_of.programme_id
    ),
    late_files as (
        select receipt_id, programme_id, period, reporter_id
        from moments
        where received_at > freeze_at and received_at <= known_until
    ),
    -- only what a late file can be compared with
    late as (
        select distinct programme_id, period, reporter_id from late_files
    ),
    frozen as (
        select
            s.programme_id, s.period, s.reporter_id, s.entity_type, s.entity_id,
            {{ last_known('s.status', 'm.receipt_seq') }} as status,
            {{ last_known('s.number', 'm.receipt_seq') }} as number
        from {{ rows_said() }} as s
        inner join moments as m on s.receipt_id = m.receipt_id
        inner join late as l on s.programme_id = l.programme_id and s.period = l.period and s.reporter_id = l.reporter_id
        where m.received_at <= m.freeze_at
        group by s.programme_id, s.period, s.reporter_id, s.entity_type, s.entity_id
    )
    select
        s.*, f.status as frozen_status, f.number as frozen_number,
        true as after_freeze,
        coalesce(
            {{ step.replace('{0}', 's.status') }} < {{ step.replace('{0}', 'f.status') }}
            or (s.status <> f.status and 'cancelled' in (s.status, f.status)), false
        ) as status_changed,
        case
            when s.entity_type = 'indicator' then {{ differs('s.number', 'f.number') }}
            else coalesce(round(s.number - f.number, 9) < 0, false)
        end as number_changed
    from {{ rows_said() }} as s
    inner join late_files as m on s.receipt_id = m.receipt_id
    left join frozen as f
        on
            s.programme_id = f.programme_id
            and s.period = f.period
            and s.reporter_id = f.reporter_id
            and s.entity_type = f.entity_type
            and s.entity_id = f.entity_id
    union all
    select
        s.*, null as frozen_status, null as frozen_number, false as after_freeze, false as status_changed, false as number_changed
    from {{ rows_said() }} as s
    left join late_files as m on s.receipt_id = m.receipt_id
    where m.receipt_id is null
){% endset %}
{% set message %}
    concat_ws(
        '',
        period, ' 期定版时报送的',
        case
            when number_changed
                then concat_ws(
                    '',
                    case entity_type when 'task' then '进度' else '数值' end, ' ', {{ number_text('frozen_number', 6) }},
                    ' 被改为 ', {{ number_text('number', 6) }}
                )
            else concat_ws('', '状态被改为“', {{ clean_text('status_raw') }}, '”')
        end, '，该文件在定版之后收到，计入下一期'
    )
{% endset %}
{{ check_rows(
    rule='H06',
    index=rows,
    entity=('entity_type', 'entity_id'),
    applies='after_freeze',
    evaluable='frozen_status is not null or frozen_number is not null',
    fails='status_changed or number_changed',
    field="case when number_changed then number_field else 'status' end",
    raw_value='case when number_changed then number_raw else status_raw end',
    message=message
) }}
