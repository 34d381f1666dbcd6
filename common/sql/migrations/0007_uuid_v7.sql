-- The same UUIDs for a quarter of the time: an event, a deadline and much else has one. A random UUID's text has its random
-- parts where we want them, so that only the time and the version go before them.
create or replace function uuid_v7() returns uuid language sql volatile parallel safe as $$
    select (lpad(to_hex(floor(date_part('epoch', clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
        || substr(gen_random_uuid()::text, 16))::uuid
$$;
