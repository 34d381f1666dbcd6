-- The trigger leaves `private` free, and the hash does not know it: the chain stays whole.
-- name: events_forget(aggregate, ids) :exec
update event set private = null
where aggregate = :aggregate and aggregate_id = any(:ids::text[]) and private is not null;

-- Events of these aggregates, and events about them of other services.
-- name: dead_letters_forget(ids) :exec
update dead_letter set body = (body::jsonb - 'private')::text
where event_id is not null
  and (aggregate_id = any(:ids::text[]) or body::jsonb -> 'data' ->> 'order_id' = any(:ids::text[]));

-- Answers that were kept to be given again stay, so that nothing is done twice; only the personal members go.
-- name: answers_forget(ids, members) :exec
update idempotency i set body = (i.body::jsonb - :members::text[])::text
where exists (select 1 from unnest(:ids::text[]) as id where position(id in i.body) > 0);
