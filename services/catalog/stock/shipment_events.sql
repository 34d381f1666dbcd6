-- Shipped units against what was reserved. :shipments is a list of the events' data.

-- name: shipment_stock_lock(shipments) :exec
with shipped as (
    select l.sku, p.warehouse from json_to_recordset(:shipments::json) as p(warehouse text, lines json)
    cross join json_to_recordset(p.lines) as l(sku text)
)
select 1 from stock s
where s.sku = any(array(select sku from shipped)) and (s.sku, s.warehouse) in (select sku, warehouse from shipped)
order by s.sku collate "C", s.warehouse collate "C" for no key update of s;

-- name: shipment_reservation_lock(shipments) :exec
select 1 from reservation r
where r.order_id = any(array(select order_id from json_to_recordset(:shipments::json) as p(order_id uuid)))
order by r.arrived for no key update of r;

-- on_hand falls by what was shipped, reserved by the held part of it; the rest comes out of what is not reserved, or the
-- constraints of the level refuse it. One movement for each shipment and SKU.
-- name: shipment_take(shipments, actor) :row movements
with shipped as materialized (
    select p.order_id, p.number, p.warehouse, l.sku, sum(l.quantity) as quantity
    from json_to_recordset(:shipments::json) as p(order_id uuid, number text, warehouse text, lines json)
    cross join json_to_recordset(p.lines) as l(sku text, quantity bigint)
    left join lateral (select stocked from variant where sku = l.sku limit 1) v on true
    where coalesce(v.stocked, true)
    group by p.order_id, p.number, p.warehouse, l.sku
), held as (
    select c.reservation_id, c.sku, c.warehouse, least(s.quantity, c.quantity - c.taken) as quantity
    from (select order_id, warehouse, sku, sum(quantity) as quantity from shipped group by order_id, warehouse, sku) s
    join reservation r on r.order_id = s.order_id
    join reservation_cell c on c.reservation_id = r.id and c.sku = s.sku and c.warehouse = s.warehouse
    where c.quantity > c.taken and r.order_id = any(array(select order_id from shipped))
      and c.reservation_id = any(array(select id from reservation where order_id = any(array(select order_id from shipped))))
), cells as (
    update reservation_cell c set taken = c.taken + h.quantity from held h
    where c.reservation_id = h.reservation_id and c.sku = h.sku and c.warehouse = h.warehouse
      and c.reservation_id = any(array(select reservation_id from held))
), lines as (
    update reservation_line l set taken = l.taken + h.quantity
    from (select reservation_id, sku, sum(quantity) as quantity from held group by reservation_id, sku) h
    where l.reservation_id = h.reservation_id and l.sku = h.sku
      and l.reservation_id = any(array(select reservation_id from held))
), levels as (
    update stock s set on_hand = s.on_hand - o.quantity, reserved = s.reserved - coalesce(h.quantity, 0)
    from (select sku, warehouse, sum(quantity) as quantity from shipped group by sku, warehouse) o
    left join (select sku, warehouse, sum(quantity) as quantity from held group by sku, warehouse) h using (sku, warehouse)
    where s.sku = o.sku and s.warehouse = o.warehouse and s.sku = any(array(select sku from shipped))
), movements as (
    insert into stock_movement (id, sku, warehouse, quantity, reason, reference, actor)
    select uuid_v7(), sku, warehouse, -quantity, 'shipped', number, :actor from shipped order by number, sku
    returning id
)
select array_agg(id) from movements;

-- name: shipment_complete(shipments) :row ids
with complete as (
    update reservation r set status = 'taken'
    where r.order_id = any(array(select order_id from json_to_recordset(:shipments::json) as p(order_id uuid)))
      and r.status = 'held'
      and not exists (select 1 from reservation_line l where l.reservation_id = r.id and l.taken < l.quantity)
    returning id
)
select array_agg(id) from complete;
