-- A quarantined event with the changes, and what is still impossible in it.
-- name: quarantine_corrected(id, changes) :maybe type, order_id, data, fault
select q.type, q.order_id, m.data, array_to_string(case q.type when 'orders.order.placed' then order_faults(m.data, q.at)
    else refund_faults(m.data, q.at) || return_faults(m.data) end, ' ')
from quarantine q, lateral (select (q.data::jsonb || :changes::jsonb)::json as data) m where q.id = :id::uuid;

-- name: correction_add(id, quarantine_id, type, order_id, reason, data, actor) :exec
insert into correction (id, quarantine_id, type, order_id, reason, data, made_by)
values (:id::uuid, :quarantine_id::uuid, :type, :order_id::uuid, :reason, :data::json, :actor);

-- name: correction_archive(id) :json
with kept as (
    insert into archive (id, type, aggregate, aggregate_id, version, at, data)
    select id, 'analytics.correction.made', 'correction', id, 1, created_at, json_build_object('quarantine_id', quarantine_id, 'data', data)
    from correction where id = :id::uuid
    returning *
)
select json_build_array(json_build_object('id', id, 'type', type, 'aggregate', aggregate, 'aggregate_id', aggregate_id,
    'version', version, 'time', at, 'country', country, 'data', data)) from kept;

-- Take the corrected events out of the quarantine, as if they had never been received.
-- name: quarantine_take(corrections, zone) :rows id
with taken as (
    delete from quarantine q using json_to_recordset(:corrections::json) as e(data json)
    where q.id = (e.data->>'quarantine_id')::uuid
    returning q.id, q.type, q.at
), change as (
    select date_trunc('day', at, :zone) as start, type, count(*) as number from taken group by 1, 2
), less as (
    update ingest_rollup r set received = r.received - c.number, quarantined = r.quarantined - c.number from change c
    where r.start = c.start and r.type = c.type
)
select id from taken order by id;

-- The corrected events, and all later events of their orders.
-- name: corrected_events(corrections, taken) :rows corrected bool, event
with corrected as (
    select a.*, e.data->'data' as corrected_data from json_to_recordset(:corrections::json) as e(data json) join archive a on a.id = (e.data->>'quarantine_id')::uuid
    where a.id in (select t.id::uuid from json_array_elements_text(:taken::json) t(id))
), event as (
    select true as corrected, id, type, aggregate, aggregate_id, version, at, country, corrected_data as data from corrected
    union all
    select false, a.id, a.type, a.aggregate, a.aggregate_id, a.version, a.at, a.country, a.data
    from corrected m join archive a on a.aggregate = 'order' and a.aggregate_id = m.aggregate_id and a.id <> m.id
    where m.aggregate = 'order'
)
select corrected, json_build_object('id', id, 'type', type, 'aggregate', aggregate, 'aggregate_id', aggregate_id, 'version', version,
    'time', at, 'country', country, 'data', data)
from event order by aggregate_id, version;
