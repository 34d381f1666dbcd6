-- What the orders have allocated and no shipment has yet becomes a shipment for each warehouse. The difference makes
-- it right for news that come late or twice. An order without stocked lines gets one shipment without units.
-- name: orders_release(orders, zone) :row created
with news as (
    select distinct on (o.id) o.id, o.number, o.allocation, o.lines, o.private
    from rows from (json_to_recordset(:orders::json) as (id uuid, number text, status text, allocation json, lines json,
        private json)) with ordinality as o(id, number, status, allocation, lines, private, place)
    where o.status in ('confirmed', 'shipped', 'delivered')
    order by o.id, o.place desc
), wanted as (
    select o.id as order_id, coalesce(a.warehouse, 'main') as warehouse, a.sku, sum(a.quantity) as quantity
    from news o, json_to_recordset(coalesce(o.allocation, '[]')) as a(sku text, warehouse text, quantity bigint)
    group by 1, 2, 3
), had as (
    select s.order_id, s.warehouse, l.sku, sum(l.quantity) as quantity
    from shipment s left join shipment_line l on l.shipment_id = s.id
    where s.order_id in (select id from news) and s.status <> 'voided'
    group by 1, 2, 3
), missing as (
    select w.order_id, w.warehouse, w.sku, w.quantity - coalesce(h.quantity, 0) as quantity
    from wanted w left join had h using (order_id, warehouse, sku)
    where w.quantity > coalesce(h.quantity, 0)
), weightless as (
    select o.id as order_id, 'main' as warehouse from news o
    where not exists (select 1 from json_to_recordset(coalesce(o.lines, '[]')) as l(stocked boolean) where coalesce(l.stocked, true))
      and o.id not in (select order_id from had) and o.id not in (select order_id from wanted)
), parcels as materialized (
    select uuid_v7() as id, order_id, warehouse
    from (select order_id, warehouse from missing union select order_id, warehouse from weightless) p
), made as (
    insert into shipment (id, order_id, order_number, warehouse, private, wave_by)
    select p.id, o.id, o.number, p.warehouse, json_strip_nulls(json_build_object('customer', o.private -> 'customer',
        'ship_to', o.private -> 'ship_to', 'wishes', o.private -> 'wishes')), next_wave(now(), :zone)
    from parcels p join news o on o.id = p.order_id
    returning id
), filled as (
    insert into shipment_line (shipment_id, sku, line, quantity)
    select p.id, m.sku, (row_number() over (partition by p.id order by m.sku))::int, m.quantity
    from parcels p join missing m using (order_id, warehouse)
)
select coalesce(array_agg(id), '{}')::text from made;

-- Shipments are locked in the order of their ids, wherever more than one is.
-- name: orders_lock(orders) :exec
select 1 from shipment
where order_id in (select id from json_to_recordset(:orders::json) as o(id uuid)) order by id for no key update;

-- An order of which something has left is not cancelled; of the others everything is voided. One that never got a
-- shipment gets a void one, so that it hears of it. Run after orders_lock.
-- name: orders_void(orders, zone) :row voided, made, refused
with asked as (
    select distinct on (id) id, number from json_to_recordset(:orders::json) as o(id uuid, number text)
), gone as (
    select distinct on (s.order_id) s.order_id, s.id from shipment s join asked a on a.id = s.order_id
    where s.status in ('shipped', 'delivered') order by s.order_id, s.shipped_at, s.id
), voided as (
    update shipment s set status = 'voided', voided_at = now()
    from asked a where a.id = s.order_id and s.status in ('pending', 'waved', 'packed')
      and s.order_id not in (select order_id from gone)
    returning s.id
), made as (
    insert into shipment (id, order_id, order_number, warehouse, status, wave_by, voided_at)
    select uuid_v7(), a.id, a.number, 'main', 'voided', next_wave(now(), :zone), now() from asked a
    where not exists (select 1 from shipment s where s.order_id = a.id and s.status <> 'voided')
    returning id
)
select (select coalesce(array_agg(id), '{}') from voided)::text, (select coalesce(array_agg(id), '{}') from made)::text,
    (select coalesce(array_agg(id), '{}') from gone)::text;

-- What orders erased has ended: nothing of it is still to be brought.
-- name: shipments_erase(orders) :row ids
with asked as (
    select s.id from shipment s where s.order_id in (select id from json_to_recordset(:orders::json) as o(id uuid))
    order by s.id for no key update
), erased as (
    update shipment s set private = null from asked where s.id = asked.id returning s.id
), tracking as (
    update tracking_event set note = null where shipment_id in (select id from asked) and note is not null
), exceptions as (
    update exception set resolution = '(erased)' where shipment_id in (select id from asked) and resolution is not null
)
select coalesce(array_agg(id), '{}')::text from erased;

-- name: dead_orders_forget(orders) :exec
update dead_letter set body = (body::jsonb - 'private')::text
where event_id is not null and aggregate_id in (select id::text from json_to_recordset(:orders::json) as o(id uuid));
