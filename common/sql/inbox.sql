-- The cursors of aggregates whose first event this is, so that two instances that hear of it lock the same row.
-- name: inbox_open(consumer, events) :exec
insert into inbox_cursor (consumer, aggregate, aggregate_id, version)
select distinct :consumer::text, e.aggregate, e.aggregate_id, 0
from jsonb_to_recordset(:events::jsonb) as e(aggregate text, aggregate_id text)
order by 2, 3
on conflict do nothing;

-- Which of these events are the next of their aggregate (without a cursor, nothing was heard of it yet: it takes the
-- first event to begin). The cursors are locked, in key order, until the commit. They
-- come in order of arrival, but those of one aggregate by version: redelivery may have shuffled them. A second copy is
-- skipped only beside a first that is applied: it may be the same message, and acknowledging one acknowledges both.
-- name: inbox_admit(consumer, events) :rows n int, verdict
with incoming as (
    select * from jsonb_to_recordset(:events::jsonb) as e(n int, aggregate text, aggregate_id text, version int)
), cursors as materialized (
    select c.aggregate, c.aggregate_id, c.version from inbox_cursor c
    where c.consumer = :consumer
      and (c.aggregate, c.aggregate_id) in (select aggregate, aggregate_id from incoming)
    order by c.aggregate, c.aggregate_id for no key update
), ranked as (
    select i.n, i.version, coalesce(c.version, 0) as last,
        dense_rank() over newer as place, row_number() over (partition by i.aggregate, i.aggregate_id, i.version order by i.n) as copy,
        row_number() over (partition by i.aggregate, i.aggregate_id order by i.version, i.n) as turn,
        array_agg(i.n) over (partition by i.aggregate, i.aggregate_id order by i.n
            rows between unbounded preceding and unbounded following) as slots
    from incoming i left join cursors c using (aggregate, aggregate_id)
    window newer as (partition by i.aggregate, i.aggregate_id, i.version > coalesce(c.version, 0) order by i.version)
)
select n, case when version <= last then 'skip' when version > last + place then 'gap' when copy > 1 then 'skip' else 'apply' end
from ranked order by slots[turn];

-- name: inbox_done(consumer, events) :exec
with applied as (
    select * from jsonb_to_recordset(:events::jsonb) as e(id uuid, aggregate text, aggregate_id text, version int)
), moved as (
    update inbox_cursor c set version = a.version
    from (select aggregate, aggregate_id, max(version) as version from applied group by 1, 2) a
    where c.consumer = :consumer and c.aggregate = a.aggregate and c.aggregate_id = a.aggregate_id
)
insert into inbox (consumer, event_id) select :consumer::text, id from applied;

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
