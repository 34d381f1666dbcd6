-- One that was closed and is delivered again, in a replay, is open again.
-- name: dead_letter_add(consumer, event_id, type, aggregate_id, version, code, detail, body) :exec
insert into dead_letter as d (consumer, event_id, type, aggregate_id, version, code, detail, body)
values (:consumer, :event_id::uuid, :type, :aggregate_id, :version::int, :code, :detail, :body)
on conflict (consumer, event_id) do update
set state = 'open', code = excluded.code, detail = excluded.detail, at = now(), closed_at = null, closed_by = null,
    reason = null
where d.state <> 'open';

-- name: dead_letter_malformed(consumer, code, detail, body) :exec
insert into dead_letter (consumer, code, detail, body) values (:consumer, :code, :detail, :body) on conflict do nothing;

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
