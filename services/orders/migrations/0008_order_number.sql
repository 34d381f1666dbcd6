-- The same numbers, as one expression: PostgreSQL takes it up into the insert instead of planning a query for each order.
create or replace function order_number() returns text language sql volatile as $$
    select 'SO-' || to_char(now() at time zone 'UTC', 'YYMMDD') || '-' || to_char(nextval('order_no'), 'FM999999999999000000')
$$;
