-- The append-only trigger allows it and the hash does not cover `private`: the chain stays intact.
-- name: events_erase(aggregate, ids) :exec
update event set private = null
where aggregate = :aggregate and aggregate_id = any(:ids::text[]) and private is not null;

-- Dead letters of these aggregates, and of orders of other services with these ids.
-- name: dead_letters_erase(ids) :exec
update dead_letter set body = (body::jsonb - 'private')::text
where event_id is not null
  and (aggregate_id = any(:ids::text[]) or body::jsonb -> 'data' ->> 'order_id' = any(:ids::text[]));

-- The stored responses stay, so that no request is processed twice; only the personal members are removed.
-- name: responses_erase(ids, members) :exec
update idempotency i set body = (i.body::jsonb - :members::text[])::text
where exists (select 1 from unnest(:ids::text[]) as id where position(id in i.body) > 0);
