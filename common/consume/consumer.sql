-- name: consumer_states() :rows name, suspended bool, replays bool, mode, since, first, position, barrier
select name, paused or replaying, replaying and not paused, mode, to_json(since)#>>'{}', first, position, barrier
from consumer;

-- A consumer that is new: without a mode it begins with the stream, else with a replay from the beginning.
-- name: consumer_register(name, mode) :count
insert into consumer (name, replaying, mode, first, position, actor, started_at)
select :name, true, :mode::text, 1, 0, :name, now() where :mode::text is not null
union all
select :name, false, null, null, null, null, null where :mode::text is null
on conflict do nothing;

-- Held by each transaction that applies delivered events; the one that suspends the consumer waits for them to end.
-- name: consumer_share(name) :exec
select pg_advisory_xact_lock_shared(hashtextextended('consumer ' || :name::text, 0));

-- name: consumer_exclude(name) :exec
select pg_advisory_xact_lock(hashtextextended('consumer ' || :name::text, 0));

-- Called after one of the locks was taken.
-- name: consumer_suspended(name) :deferred suspended bool
select paused or replaying from consumer where name = :name;

-- name: consumer_pause(name, paused) :count
update consumer set paused = :paused::boolean where name = :name;

-- name: consumer_replay(name, mode, since, first, actor) :count
update consumer
set paused = false, replaying = true, mode = :mode, since = :since::timestamptz, first = :first::bigint,
    position = :first::bigint - 1, head = null, barrier = null, actor = :actor, started_at = now(), finished_at = null
where name = :name;

-- Of two instances that replay at once one finds it moved. before: -1 where the position was not known.
-- name: consumer_advance(name, before int, first int, position int, head int, barrier int, done) :count
update consumer
set first = :first::bigint, position = :position::bigint, head = :head::bigint, barrier = :barrier::bigint,
    replaying = not :done::boolean, finished_at = case when :done::boolean then now() end
where name = :name and replaying and not paused and position is not distinct from nullif(:before::bigint, -1);

-- name: consumer_list() :rows name, state, replay
select name, case when paused then 'paused' when replaying then 'replaying' else 'active' end,
    case when mode is not null then json_build_object('mode', mode, 'from_time', since, 'from_position', first,
        'position', position, 'head', head, 'requested_by', actor, 'started_at', started_at,
        'finished_at', finished_at) end
from consumer;
