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

-- Holds add up; one release ends them all.
-- name: order_hold(id, reason, actor) :exec
with added as (
    insert into order_hold (order_id, reason, actor) values (:id::uuid, :reason, :actor)
)
update orders set held = true where id = :id::uuid;

-- name: order_release(id, actor) :exec
with ended as (
    update order_hold set released_at = now(), released_by = :actor where order_id = :id::uuid and released_at is null
)
update orders set held = false where id = :id::uuid;

-- All that is left of cancelled orders' money goes back, with the units that were not refunded before.
-- name: refund_cancelled(ids, actor) :row ids
with due as (
    select id, paid - refunded as amount, cancel_reason from orders
    where id = any(:ids::uuid[]) and status = 'cancelled' and paid > refunded
), made as (
    insert into refund (order_id, kind, amount, reason, actor)
    select id, 'cancellation', amount, cancel_reason, :actor from due
    returning id, order_id
), units as (
    insert into refund_line (refund_id, line, order_id, sku, quantity)
    select m.id, row_number() over (partition by m.id order by l.line), m.order_id, l.sku, l.quantity
    from made m cross join lateral (
        select min(o.line) as line, o.sku, sum(o.quantity) - coalesce((select sum(r.quantity) from refund_line r
            where r.order_id = m.order_id and r.sku = o.sku), 0) as quantity
        from order_line o where o.order_id = m.order_id group by o.sku) l
    where l.quantity > 0
), moved as (
    update orders o set refunded = o.paid from made m where o.id = m.order_id
)
select array_agg(id)::text from made;
