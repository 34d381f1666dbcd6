-- The rows must be locked, in the order of their ids, before many are changed at once.
-- name: orders_step(ids, status, next) :row ids
with moved as (
    update orders set status = :next where id = any(:ids::uuid[]) and status = :status returning id
)
select array_agg(id)::text from moved;

-- The one place where it stands when an order confirms itself.
-- name: orders_ready(ids) :row ids
select array_agg(id)::text from orders
where id = any(:ids::uuid[]) and status = 'placed' and stock_status = 'reserved' and not held and paid >= total
  and (paid = 0 or refunded < paid);

-- name: order_state(id) :row stock_status, payment_status, held bool
select stock_status, payment_status, held from orders where id = :id::uuid;

-- name: order_overdue(id) :exec
update orders set overdue = true where id = :id::uuid;

-- name: order_cancel_reason(id, reason) :exec
update orders set cancel_reason = :reason where id = :id::uuid;

-- name: hold_insert(id, reason, actor) :exec
insert into order_hold (order_id, reason, actor) values (:id::uuid, :reason, :actor);

-- name: order_held(id, held bool) :exec
update orders set held = :held::boolean where id = :id::uuid;

-- name: holds_release(id, actor) :exec
update order_hold set released_at = now(), released_by = :actor where order_id = :id::uuid and released_at is null;
