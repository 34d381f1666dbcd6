-- Open work: orders that do not go on by themselves, with their deadlines.
create view work_json as
select o.id, t.role, d.due_at,
    json_build_object('kind', t.kind, 'id', o.id, 'number', o.number, 'title', o.number || ': ' || t.title, 'role', t.role,
        'due_at', d.due_at, 'overdue', o.overdue, 'link', '/v1/orders/' || o.id) as doc
from orders o
cross join lateral (
    select 'clerk', 'held', 'on hold: clear up and release or cancel' where o.held
    union all
    select 'cashier', 'payment', 'not fully paid yet' where not o.held and o.payment_status in ('unpaid', 'partly_paid')
    union all
    select 'clerk', 'stock', 'not everything is in stock' where not o.held
        and o.payment_status not in ('unpaid', 'partly_paid') and o.stock_status in ('partial', 'backordered', 'released')
    union all
    select 'clerk', 'confirm', 'not confirmed in time' where not o.held
        and o.payment_status not in ('unpaid', 'partly_paid') and o.stock_status in ('pending', 'reserved') and o.overdue
) as t (role, kind, title)
left join deadline d on d.aggregate_id = o.id::text
    and d.kind = case t.kind when 'payment' then 'pay_by' else 'confirm_by' end
where o.status = 'placed';
