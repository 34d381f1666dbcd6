-- name: inbox_forget() :count
delete from inbox where ctid in (select ctid from inbox where applied_at < now() - interval '14 days' limit 1000);

-- Lists of aggregates are sorted by both columns (bytes): cursors are created and locked in this order, until
-- the commit.

-- The versions that the consumer has applied of these aggregates; without those of which it has none. The
-- cursors of new ones, whose first events these are, are created at the version that the events lead to
-- (`fresh`): the transaction that creates a cursor applies them. Of two instances that create one at once the
-- second waits for the first and creates none; then it is missing here.
-- name: inbox_cursors(consumer, new_aggregates, new_ids, new_versions, aggregates, ids) :rows aggregate, aggregate_id, version int, fresh bool
with opened as (
    insert into inbox_cursor (consumer, aggregate, aggregate_id, version)
    select :consumer::text, e.aggregate, e.aggregate_id, e.version
    from unnest(:new_aggregates::text[], :new_ids::text[], :new_versions::int[]) as e(aggregate, aggregate_id, version)
    on conflict do nothing returning aggregate, aggregate_id
)
select aggregate collate "C", aggregate_id collate "C", 0, true from opened
union all
select c.aggregate collate "C", c.aggregate_id collate "C", c.version, false
from unnest(:aggregates::text[], :ids::text[]) as e(aggregate, aggregate_id)
cross join lateral (
    select * from inbox_cursor where consumer = :consumer and aggregate = e.aggregate and aggregate_id = e.aggregate_id
    for no key update
) c
order by 1, 2;

-- name: inbox_move(consumer, aggregates, ids, versions) :exec
update inbox_cursor c set version = a.version
from unnest(:aggregates::text[], :ids::text[], :versions::int[]) as a(aggregate, aggregate_id, version)
where c.consumer = :consumer and c.aggregate = a.aggregate and c.aggregate_id = a.aggregate_id;

-- name: inbox_done(consumer, events) :exec
insert into inbox (consumer, event_id) select :consumer::text, id from unnest(:events::uuid[]) as e(id);

-- Events of a replay, which may have been applied before.
-- name: inbox_done_again(consumer, events) :exec
insert into inbox (consumer, event_id) select :consumer::text, id from unnest(:events::uuid[]) as e(id)
on conflict (consumer, event_id) do update set applied_at = excluded.applied_at;

-- name: inbox_step_over(consumer, aggregate, aggregate_id, version int) :exec
insert into inbox_cursor as c (consumer, aggregate, aggregate_id, version)
select :consumer::text, :aggregate::text, :aggregate_id::text, :version::int
where :version::int = 1
   or exists (select from inbox_cursor where consumer = :consumer and aggregate = :aggregate and aggregate_id = :aggregate_id)
on conflict (consumer, aggregate, aggregate_id) do update set version = excluded.version where c.version = excluded.version - 1;
