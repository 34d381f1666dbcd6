-- name: payment_look(id, reference) :row open int, method, amount int
select o.total - o.paid, p.method, coalesce(p.amount, 0)
from orders o left join payment p on p.order_id = o.id and p.reference = :reference
where o.id = :id::uuid;

-- name: payment_insert(id, method, amount int, reference, actor) :exec batched
insert into payment (order_id, method, amount, reference, actor)
select :id::uuid, :method, :amount::bigint, :reference, :actor from :batch;

-- name: order_pay(id, amount int) :row paid_up bool
update orders set paid = paid + :amount::bigint where id = :id::uuid returning paid >= total;

-- name: refund_look(id, reference, refunded_at) :row open int, early bool, refund_id, amount int
select o.paid - o.refunded, coalesce(:refunded_at::timestamptz > now() + interval '5 minutes', false), r.id,
    coalesce(r.amount, 0)
from orders o left join refund r on r.order_id = o.id and r.reference = :reference
where o.id = :id::uuid;

-- For each line: how much of the SKU was ordered, was refunded before, and is asked for in all lines together.
-- name: refund_room(id, lines) :rows ordered int, refunded int, asked int
select coalesce((select sum(quantity) from order_line where order_id = :id::uuid and sku = l.sku), 0),
    coalesce((select sum(quantity) from refund_line where order_id = :id::uuid and sku = l.sku), 0),
    sum(l.quantity) over (partition by l.sku)
from rows from (json_to_recordset(:lines::json) as (sku text, quantity bigint)) with ordinality as l (sku, quantity, place)
order by l.place;

-- name: refund_insert(refund_id, id, amount int, reason, reference, actor, refunded_at) :exec
insert into refund (id, order_id, kind, amount, reason, reference, actor, refunded_at)
values (:refund_id::uuid, :id::uuid, 'by_hand', :amount::bigint, :reason, :reference, :actor,
    coalesce(:refunded_at::timestamptz, now()));

-- name: refund_lines_insert(refund_id, id, lines) :exec
insert into refund_line (refund_id, line, order_id, sku, quantity)
select :refund_id::uuid, l.line, :id::uuid, l.sku, l.quantity
from rows from (json_to_recordset(:lines::json) as (sku text, quantity bigint)) with ordinality as l (sku, quantity, line);

-- name: order_refund(id, amount int) :exec
update orders set refunded = refunded + :amount::bigint where id = :id::uuid;

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
