-- What a row that was set aside would say with the changes, and what is still impossible in it.
-- name: quarantine_mended(id, changes) :maybe type, about, data, fault
select q.type, q.about, m.data, array_to_string(case q.type when 'orders.order.placed' then order_faults(m.data, q.at)
    else refund_faults(m.data, q.at) || return_faults(m.data) end, ' ')
from quarantine q, lateral (select (q.data::jsonb || :changes::jsonb)::json as data) m where q.id = :id::uuid;

-- name: mend_add(id, quarantine_id, type, about, reason, data, actor) :exec
insert into mend (id, quarantine_id, type, about, reason, data, made_by)
values (:id::uuid, :quarantine_id::uuid, :type, :about, :reason, :data::json, :actor);

-- name: mend_archive(id) :json
with kept as (
    insert into archive (id, type, aggregate, aggregate_id, version, at, data)
    select id, 'analytics.mend.made', 'mend', id, 1, created_at, json_build_object('quarantine_id', quarantine_id, 'data', data)
    from mend where id = :id::uuid
    returning *
)
select json_build_array(json_build_object('id', id, 'type', type, 'aggregate', aggregate, 'aggregate_id', aggregate_id,
    'version', version, 'time', at, 'country', country, 'data', data)) from kept;

-- As if it had never been heard: it comes again now, mended.
-- name: quarantine_take(mends, zone) :rows id
with taken as (
    delete from quarantine q using json_to_recordset(:mends::json) as e(data json)
    where q.id = (e.data->>'quarantine_id')::uuid
    returning q.id, q.type, q.at
), change as (
    select date_trunc('day', at, :zone) as start, type, count(*) as number from taken group by 1, 2
), less as (
    update intake_rollup r set heard = r.heard - c.number, aside = r.aside - c.number from change c
    where r.start = c.start and r.type = c.type
)
select id from taken order by id;

-- The mended events, and all that was told of their orders.
-- name: mended_events(mends, taken) :rows mended bool, event
with mended as (
    select a.*, e.data->'data' as said from json_to_recordset(:mends::json) as e(data json) join archive a on a.id = (e.data->>'quarantine_id')::uuid
    where a.id in (select t.id::uuid from json_array_elements_text(:taken::json) t(id))
), event as (
    select true as mended, id, type, aggregate, aggregate_id, version, at, country, said as data from mended
    union all
    select false, a.id, a.type, a.aggregate, a.aggregate_id, a.version, a.at, a.country, a.data
    from mended m join archive a on a.aggregate = 'order' and a.aggregate_id = m.aggregate_id and a.id <> m.id
    where m.aggregate = 'order'
)
select mended, json_build_object('id', id, 'type', type, 'aggregate', aggregate, 'aggregate_id', aggregate_id, 'version', version,
    'time', at, 'country', country, 'data', data)
from event order by aggregate_id, version;
