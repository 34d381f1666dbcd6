-- name: secret_get(name) :row value
select value from secret where name = :name;

-- name: idempotency_find(principal, route, key) :maybe digest, status int, body, etag, location
select digest, status, body, etag, location from idempotency
where principal = :principal and route = :route and key = :key;

-- name: idempotency_keep(principal, route, key, digest, status int, body, etag, location) :exec
insert into idempotency (principal, route, key, digest, status, body, etag, location)
values (:principal, :route, :key, :digest, :status::int, :body, :etag, :location);

-- name: idempotency_forget() :exec
delete from idempotency where ctid in (
    select ctid from idempotency where created_at < now() - interval '72 hours' limit 1000);

-- name: inbox_forget() :exec
delete from inbox where ctid in (select ctid from inbox where applied_at < now() - interval '14 days' limit 1000);

-- name: deadline_put(kind, aggregate_id, seconds int) :exec
insert into deadline (kind, aggregate_id, due_at) values (:kind, :aggregate_id, now() + :seconds::bigint * interval '1 second')
on conflict on constraint deadline_once do update set due_at = excluded.due_at, state = 'open', attempts = 0, closed_at = null;

-- name: deadlines_put(kind, rows) :exec
insert into deadline (kind, aggregate_id, due_at)
select :kind::text, r.id, r.due_at from json_to_recordset(:rows::json) as r(id text, due_at timestamptz) order by r.id
on conflict on constraint deadline_once do update set due_at = excluded.due_at, state = 'open', attempts = 0, closed_at = null;

-- name: deadline_drop(kind, aggregate_ids) :exec
update deadline set state = 'met', closed_at = now()
where kind = :kind and aggregate_id = any(:aggregate_ids::text[]) and state = 'open';

-- name: deadline_claim() :maybe id, kind, aggregate_id, due_at
select id, kind, aggregate_id, to_json(due_at)#>>'{}' from deadline
where state = 'open' and due_at <= now() order by due_at for update skip locked limit 1;

-- name: deadline_fired(id) :exec
update deadline set state = 'over', closed_at = now() where id = :id::uuid;

-- name: deadline_later(id) :exec
update deadline set attempts = attempts + 1, due_at = now() + least(power(2, attempts), 300) * interval '1 second'
where id = :id::uuid;

-- name: schedule_now(zone) :row minute int, hour int, day int, month int, weekday int, slot
select extract(minute from l)::int, extract(hour from l)::int, extract(day from l)::int, extract(month from l)::int,
    extract(dow from l)::int, to_json(date_trunc('minute', now()))#>>'{}'
from (select now() at time zone :zone as l) t;

-- name: schedule_take(name, slot) :count
insert into schedule_slot (name, slot) values (:name, :slot::timestamptz) on conflict do nothing;

-- name: worklist(roles, all_roles bool) :rows doc
select doc from work_json where :all_roles::boolean or role = any(:roles::text[]) order by due_at nulls last, id limit 250;
