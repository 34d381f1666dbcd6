-- Lists of aggregates are sorted by both columns (bytes): cursors are made and locked in this order, and kept to the commit.

-- The cursors of aggregates whose first event this is, so that two instances that hear of it lock the same row.
-- name: inbox_open(consumer, aggregates, ids) :exec
insert into inbox_cursor (consumer, aggregate, aggregate_id, version)
select :consumer::text, e.aggregate, e.aggregate_id, 0 from unnest(:aggregates::text[], :ids::text[]) as e(aggregate, aggregate_id)
on conflict do nothing;

-- How far the consumer has heard of each; without a cursor nothing was heard of it yet. All events of a consumer are of one
-- kind of aggregate, so both conditions together find no others.
-- name: inbox_cursors(consumer, aggregates, ids) :rows aggregate, aggregate_id, version int
select aggregate, aggregate_id, version from inbox_cursor
where consumer = :consumer and aggregate = any(:aggregates::text[]) and aggregate_id = any(:ids::text[])
order by aggregate collate "C", aggregate_id collate "C" for no key update;

-- name: inbox_done(consumer, aggregates, ids, versions, events) :exec
with moved as (
    update inbox_cursor c set version = a.version
    from unnest(:aggregates::text[], :ids::text[], :versions::int[]) as a(aggregate, aggregate_id, version)
    where c.consumer = :consumer and c.aggregate = a.aggregate and c.aggregate_id = a.aggregate_id
)
insert into inbox (consumer, event_id) select :consumer::text, id from unnest(:events::uuid[]) as e(id);

-- name: dead_letter_add(consumer, event_id, type, aggregate_id, version, code, detail, body) :exec
insert into dead_letter (consumer, event_id, type, aggregate_id, version, code, detail, body)
values (:consumer, :event_id::uuid, :type, :aggregate_id, :version::int, :code, :detail, :body)
on conflict do nothing;

-- name: dead_letters() :rows doc
select json_build_object('id', id, 'consumer', consumer, 'event_id', event_id, 'type', type, 'aggregate_id', aggregate_id,
    'version', version, 'code', code, 'detail', detail, 'at', at, 'state', state, 'closed_at', closed_at,
    'closed_by', closed_by, 'reason', reason)
from dead_letter order by at desc, id desc limit 250;

-- name: dead_letter_lock(id) :row consumer, body, state
select consumer, body, state from dead_letter where id = :id::uuid for no key update;

-- name: dead_letter_close(id, state, actor, reason) :exec
update dead_letter set state = :state, closed_at = now(), closed_by = :actor, reason = :reason where id = :id::uuid;

-- name: dead_letters_open() :row n int
select count(*) from dead_letter where state = 'open';

-- name: inbox_step_over(consumer, aggregate, aggregate_id, version int) :exec
insert into inbox_cursor as c (consumer, aggregate, aggregate_id, version)
select :consumer::text, :aggregate::text, :aggregate_id::text, :version::int
where :version::int = 1
   or exists (select from inbox_cursor where consumer = :consumer and aggregate = :aggregate and aggregate_id = :aggregate_id)
on conflict (consumer, aggregate, aggregate_id) do update set version = excluded.version where c.version = excluded.version - 1;
