-- name: idempotency_find(principal, route, key) :maybe digest, status int, body, etag, location
select digest, status, body, etag, location from idempotency
where principal = :principal and route = :route and key = :key;

-- name: idempotency_store(principal, route, key, digest, status int, body, etag, location) :exec
insert into idempotency (principal, route, key, digest, status, body, etag, location)
values (:principal, :route, :key, :digest, :status::int, :body, :etag, :location);

-- name: idempotency_purge() :count
delete from idempotency where ctid in (
    select ctid from idempotency where created_at < now() - interval '72 hours' limit 1000);
