-- name: event_unpublished(count int) :rows no, position, id, type, aggregate, aggregate_id, version, at, actor, trace, data, private
select no, position, id, type, aggregate, aggregate_id, version, to_json(at)#>>'{}', actor, trace, data, private
from event where seq is null order by no limit :count::int;

-- Only those that no other relay has marked meanwhile: a relay that was stopped for a while may not know that
-- it lost the lead.
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

-- name: event_lag() :row unpublished int, oldest int
select count(*), coalesce(extract(epoch from now() - min(at))::bigint, 0) from event where seq is null;
