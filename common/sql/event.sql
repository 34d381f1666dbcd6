-- name: event_feed(after int, type, aggregate, count int) :rows position int, doc
select position, json_build_object('position', position, 'id', id, 'type', type, 'aggregate', aggregate,
    'aggregate_id', aggregate_id, 'version', version, 'time', at, 'actor', actor, 'trace_id', trace, 'data', data)
from event
where position > :after::bigint
  and (:type::text is null or type = :type or (:type like '%*' and starts_with(type, rtrim(:type, '*'))))
  and (:aggregate::text is null or aggregate = :aggregate or aggregate_id = :aggregate)
order by position limit :count::int;

-- name: event_timeline(aggregate, aggregate_id) :rows doc
select json_build_object('id', id, 'type', type, 'version', version, 'time', at, 'actor', actor, 'trace_id', trace,
    'data', data)
from event where aggregate = :aggregate and aggregate_id = :aggregate_id order by version;

-- What a customer may know of it: no names, no trace, nothing of what the services tell each other.
-- name: event_course(aggregate, aggregate_id) :rows doc
select json_build_object('type', type, 'version', version, 'time', at, 'status', data -> 'status')
from event where aggregate = :aggregate and aggregate_id = :aggregate_id order by version;

-- Without those that the stream has already, though that is not written down yet.
-- name: event_unpublished(marked, count int) :rows no, position, id, type, aggregate, aggregate_id, version, at, actor, trace, data, private
select no, position, id, type, aggregate, aggregate_id, version, to_json(at)#>>'{}', actor, trace, data, private
from event where seq is null and no not in (select unnest(:marked::bigint[])) order by no limit :count::int;

-- Of those that nobody else has published meanwhile: a relay that was stopped for a while may think it still leads.
-- name: event_published(marks) :count
update event e
set position = m.position, hash = coalesce(e.hash, decode(m.hash, 'hex')), epoch = m.epoch, seq = m.seq
from jsonb_to_recordset(:marks::jsonb) as m(no bigint, position bigint, hash text, epoch text, seq bigint)
where e.no = m.no and e.seq is null and (e.position is null or e.position = m.position);

-- name: event_head() :maybe position int, hash
select position, encode(hash, 'hex') from event where position is not null order by position desc limit 1;

-- name: event_tail(epoch) :maybe seq int, id
select seq, id from event where epoch = :epoch and seq is not null order by seq desc limit 1;

-- A published event always has an epoch. Both ends are read off the index, whatever stands between them.
-- name: event_elsewhere(epoch) :maybe epoch
select first from (select min(epoch) as first, max(epoch) as last from event where seq is not null) e
where first < :epoch or last > :epoch;

-- name: event_unpublish(epoch, last_seq int) :count
update event set seq = null, epoch = null
where seq is not null and (epoch is distinct from :epoch or seq > :last_seq::bigint);

-- name: event_known(id) :maybe no int
select no from event where id = :id::uuid;

-- name: event_unpublish_at(epoch, places) :count
update event set seq = null, epoch = null where epoch = :epoch and seq = any(:places::bigint[]);

-- What should stand where, but for what may have expired by now (as below).
-- name: event_places(epoch, first int, last int) :rows seq int, id
select seq, id from event
where epoch = :epoch and seq between :first::bigint and :last::bigint and at >= now() - interval '167 hours' order by seq;

-- Streams keep seven days (bus.c).
-- name: event_at_seq(epoch, seq int) :maybe id, old bool
select id, at < now() - interval '167 hours' from event where epoch = :epoch and seq = :seq::bigint;

-- name: event_chain(after int, count int) :rows position int, id, type, aggregate, aggregate_id, version, at, actor, trace, data, hash
select position, id, type, aggregate, aggregate_id, version, to_json(at)#>>'{}', actor, trace, data, encode(hash, 'hex')
from event where position > :after::bigint order by position limit :count::int;

-- name: event_lag() :row unpublished int, oldest int
select count(*), coalesce(extract(epoch from now() - min(at))::bigint, 0) from event where seq is null;
