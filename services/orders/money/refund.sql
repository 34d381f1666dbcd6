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
