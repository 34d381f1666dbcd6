-- name: stock_variant(sku) :maybe stocked bool
select stocked from variant where sku = :sku;

-- name: stock_add(sku, warehouse, quantity int) :exec
insert into stock (sku, warehouse, on_hand) values (:sku, :warehouse, :quantity::bigint)
on conflict (sku, warehouse) do update set on_hand = stock.on_hand + excluded.on_hand;

-- name: stock_take(sku, warehouse, quantity int) :count
update stock set on_hand = on_hand - :quantity::bigint
where sku = :sku and warehouse = :warehouse and on_hand - reserved >= :quantity::bigint;

-- name: stock_move(id, sku, warehouse, quantity int, reason, reference, actor) :exec
insert into stock_movement (id, sku, warehouse, quantity, reason, reference, actor)
values (:id::uuid, :sku, :warehouse, :quantity::bigint, :reason, :reference, :actor);

-- Explain a level: on_hand is the sum of the movements, reserved the sum of what orders hold.
-- name: stock_explain(sku) :json
select json_build_object('sku', v.sku,
    'on_hand', coalesce((select sum(on_hand) from stock where sku = v.sku), 0),
    'reserved', coalesce((select sum(reserved) from stock where sku = v.sku), 0),
    'available', coalesce((select sum(on_hand - reserved) from stock where sku = v.sku), 0),
    'by_reason', (select coalesce(json_agg(json_build_object('reason', reason, 'warehouse', warehouse, 'movements', movements,
        'quantity', quantity) order by reason, warehouse), '[]') from movement_sum where sku = v.sku),
    'latest_movements', (select coalesce(json_agg(json_build_object('id', id, 'warehouse', warehouse, 'quantity', quantity,
        'reason', reason, 'reference', reference, 'actor', actor, 'created_at', created_at) order by no desc), '[]')
        from (select * from stock_movement where sku = v.sku order by created_at desc, id desc limit 50) m),
    'held', (select json_build_object('orders', count(distinct c.reservation_id), 'units', coalesce(sum(c.quantity - c.taken), 0))
        from reservation_line l join reservation_cell c on c.reservation_id = l.reservation_id and c.sku = l.sku
        where l.sku = v.sku and l.reserved > l.taken and c.quantity > c.taken),
    'held_by', (select coalesce(json_agg(doc), '[]') from (
        select json_build_object('reservation_id', r.id, 'order_id', r.order_id, 'order_number', r.order_number, 'status', r.status,
            'warehouse', c.warehouse, 'quantity', c.quantity - c.taken, 'since', r.created_at) as doc
        from reservation_line l join reservation r on r.id = l.reservation_id
        join reservation_cell c on c.reservation_id = l.reservation_id and c.sku = l.sku and c.quantity > c.taken
        where l.sku = v.sku and l.reserved > l.taken order by r.arrived, c.warehouse limit 100) h),
    'backordered', (select json_build_object('orders', count(*), 'units', coalesce(sum(quantity - reserved), 0))
        from reservation_line where sku = v.sku and waiting),
    'backorders', (select coalesce(json_agg(doc), '[]') from (
        select json_build_object('reservation_id', r.id, 'order_id', r.order_id, 'order_number', r.order_number,
            'missing', l.quantity - l.reserved, 'since', r.created_at) as doc
        from reservation_line l join reservation r on r.id = l.reservation_id
        where l.sku = v.sku and l.waiting order by l.arrived limit 100) w))
from variant v where v.sku = :sku and v.stocked;
