-- Years of orders, as the service would have left them: delivered, paid, said and heard. :orders of them, evenly 17.28 s
-- apart (5,000 a day) up to an hour ago; what the service clears away after days (kept answers, the inbox) only as far as it
-- would still be there. Numbers that the relay gives lie below zero, before those of the stream that is there.
-- Narrower than in life: two events an order in place of six, one payment, short names and addresses.
-- One transaction beginning with truncate: with wal_level minimal nothing of it is written twice.
begin;
set local session_replication_role = replica;
set local search_path = orders, extensions;
set local synchronous_commit = off;
truncate orders, order_line, payment, parcel, event, inbox, inbox_cursor, deadline, idempotency, refund, refund_line, order_hold;

create temp table past on commit drop as
select n, at, (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(h, 1, 3) || '8' || substr(h, 4, 15))::uuid as id,
    'BENCH-' || 1 + n % 200 as first_sku, 'BENCH-' || 1 + (n * 7 + 3) % 200 as second_sku
from (select n, timestamptz :'now' - interval '1 hour' - (:orders - n) * interval '17.28 s' as at, md5(n::text) as h
      from generate_series(1, :orders) n offset 0) p;

insert into orders (id, number, channel, channel_ref, request_digest, customer_ref, ship_country, currency, status, stock_status, gross, total,
    paid, stocked_units, allocation, personal, placed_at, version, created_at, updated_at)
select id, 'SO-' || to_char(at, 'YYMMDD') || '-' || lpad(n::text, 8, '0'), 'web', 'W-' || lpad(n::text, 9, '0'), md5(n::text) || md5(n::text),
    'c-' || hashint8(n)::bigint % (:orders / 10 + 1), 'GB', 'GBP', 'delivered', 'taken', 900, 900, 900, 2,
    json_build_array(json_build_object('sku', first_sku, 'warehouse', 'main', 'quantity', 1),
        json_build_object('sku', second_sku, 'warehouse', 'main', 'quantity', 1)),
    json_build_object('customer', json_build_object('ref', 'c-' || n, 'name', 'Robin ' || n, 'email', n || '@example.org'),
        'ship_to', json_build_object('name', 'Robin ' || n, 'country', 'GB', 'city', 'Leeds', 'street', n || ' High Street')),
    at, 3, at, at + interval '3 days'
from past;

insert into order_line (order_id, line, sku, title, quantity, unit_price, list_price, stocked)
select p.id, l.line, l.sku, l.sku, 1, 450, 450, true
from past p cross join lateral (values (1, p.first_sku), (2, p.second_sku)) l(line, sku);

insert into payment (id, order_id, method, amount, reference, actor, paid_at)
select id, id, 'card', 900, 'pay-' || n, 'web-shop', at from past;

insert into parcel (id, order_id, number, status, warehouse, carrier, tracking_number, units, lines, shipped_at, delivered_at)
select id, id, 'SH-' || n, 'delivered', 'main', 'royal-mail', 'RM' || n, 2, '[]', at + interval '1 day', at + interval '3 days' from past;

insert into event (id, type, aggregate, aggregate_id, version, at, actor, trace, data, private, position, hash, epoch, seq)
select (left(p.id::text, 35) || v)::uuid, 'orders.order.' || what, 'order', p.id, v, p.at + (v - 1) * interval '1 day', 'web-shop',
    md5(p.id::text), json_build_object('id', p.id, 'number', 'SO-' || n, 'status', what, 'total', 900, 'lines', json_build_array(
        json_build_object('sku', p.first_sku, 'quantity', 1, 'unit_price', 450), json_build_object('sku', p.second_sku, 'quantity', 1,
        'unit_price', 450))), json_build_object('customer', json_build_object('name', 'Robin ' || n)),
    2 * (n - :orders) + v - 2, decode(md5(p.id::text) || md5(p.id::text), 'hex'), :'epoch', 2 * (n - :orders) + v - 2
from past p cross join (values (1, 'placed'), (2, 'delivered')) e(v, what);

insert into deadline (kind, aggregate_id, due_at, state, closed_at)
select kind, p.id, p.at + interval '1 day', 'met', p.at
from past p cross join (values ('pay_by'), ('confirm_by')) d(kind);

insert into inbox_cursor (consumer, aggregate, aggregate_id, version) select 'orders-reservations', 'reservation', id, 2 from past;
insert into inbox_cursor (consumer, aggregate, aggregate_id, version) select 'orders-shipments', 'shipment', id, 4 from past;
insert into inbox (consumer, event_id, applied_at)
select consumer, id, at from past cross join (values ('orders-reservations'), ('orders-shipments')) c(consumer)
where at > now() - interval '14 days';
insert into idempotency (principal, route, key, digest, status, body, etag, location, created_at)
select 'web-shop', route, 'key-' || n, intake, 201, repeat('x', 1500), '"v1"', '/v1/orders/' || id, at
from past join lateral (select md5(n::text) || md5(n::text) as intake) i on true
    cross join (values ('/v1/orders'), ('/v1/orders/{id}/payments')) r(route)
where at > now() - interval '72 hours';
commit;
