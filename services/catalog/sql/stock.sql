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
