-- The same orders as catalog knows them (orders.sql): reserved, taken, and the stock's movements; one movement an order in place of two.
begin;
set local session_replication_role = replica;
set local search_path = catalog, extensions;
set local synchronous_commit = off;
truncate reservation, reservation_line, reservation_cell, stock_movement, movement_sum, event, inbox, inbox_cursor, idempotency;

create temp table past on commit drop as
select n, at, (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(h, 1, 3) || '8' || substr(h, 4, 15))::uuid as id,
    'BENCH-' || 1 + n % 200 as first_sku, 'BENCH-' || 1 + (n * 7 + 3) % 200 as second_sku
from (select n, timestamptz :'now' - interval '1 hour' - (:orders - n) * interval '17.28 s' as at, md5(n::text) as h
      from generate_series(1, :orders) n offset 0) p;

insert into reservation (id, order_id, order_number, status, version, created_at, updated_at)
select id, id, 'SO-' || n, 'taken', 2, at, at + interval '1 day' from past;

insert into reservation_line (reservation_id, sku, quantity, reserved, taken, waiting, arrived)
select p.id, l.sku, 1, 1, 1, false, n from past p cross join lateral (select p.first_sku union select p.second_sku) l(sku);

insert into reservation_cell (reservation_id, sku, warehouse, quantity, taken)
select p.id, l.sku, 'main', 1, 1 from past p cross join lateral (select p.first_sku union select p.second_sku) l(sku);

insert into stock_movement (id, sku, warehouse, quantity, reason, reference, actor, created_at, updated_at)
select id, first_sku, 'main', -1, 'shipped', 'SO-' || n, 'catalog-shipments', at + interval '1 day', at + interval '1 day' from past;

insert into movement_sum (sku, warehouse, reason, movements, quantity)
select sku, warehouse, reason, count(*), sum(quantity) from stock_movement group by 1, 2, 3;

insert into event (id, type, aggregate, aggregate_id, version, at, actor, trace, data, position, hash, epoch, seq)
select (left(p.id::text, 35) || v)::uuid, 'catalog.reservation.' || what, 'reservation', p.id, v, p.at + (v - 1) * interval '1 day',
    'catalog-orders', md5(p.id::text), json_build_object('id', p.id, 'order_id', p.id, 'status', what, 'lines', json_build_array(
        json_build_object('sku', p.first_sku, 'quantity', 1), json_build_object('sku', p.second_sku, 'quantity', 1))),
    2 * (n - :orders) + v - 2, decode(md5(p.id::text) || md5(p.id::text), 'hex'), :'epoch', 2 * (n - :orders) + v - 2
from past p cross join (values (1, 'held'), (2, 'taken')) e(v, what);

insert into inbox_cursor (consumer, aggregate, aggregate_id, version) select 'catalog-orders', 'order', id, 3 from past;
insert into inbox_cursor (consumer, aggregate, aggregate_id, version) select 'catalog-shipments', 'shipment', id, 4 from past;
insert into inbox (consumer, event_id, applied_at)
select consumer, id, at from past cross join (values ('catalog-orders'), ('catalog-shipments')) c(consumer)
where at > now() - interval '14 days';
commit;
