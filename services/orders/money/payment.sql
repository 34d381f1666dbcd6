-- name: payment_look(id, reference) :row open int, method, amount int
select o.total - o.paid, p.method, coalesce(p.amount, 0)
from orders o left join payment p on p.order_id = o.id and p.reference = :reference
where o.id = :id::uuid;

-- name: order_pay(id, amount int) :row paid_up bool
update orders set paid = paid + :amount::bigint where id = :id::uuid returning paid >= total;
