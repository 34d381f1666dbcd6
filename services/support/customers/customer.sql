-- name: customers_meet(refs) :row ids
with met as (
    insert into customer (ref) select ref from unnest(:refs::text[]) ref order by 1
    on conflict on constraint customer_ref do nothing returning id
)
select coalesce(array_agg(id), '{}')::text from met;

-- name: customer_meet(ref) :row id, fresh bool
insert into customer (ref) values (:ref)
on conflict on constraint customer_ref do update set ref = excluded.ref returning id, xmax = 0;

-- name: customers_lock(refs) :exec
select id from customer where ref = any(:refs::text[]) order by id for no key update;

-- What the last event of each order tells, and whose figures that changes. What was placed before an erasure never brings
-- personal data back.
-- name: orders_learn(orders) :row customers
with told as materialized (
    select o.*, c.id as customer_id, case when c.erased_at is null or o.placed_at > c.erased_at then o.customer end as contact
    from json_to_recordset(:orders::json) as o(id uuid, number text, channel text, customer_ref text, status text, currency text,
        total bigint, paid bigint, refunded bigint, placed_at timestamptz, customer json)
    left join lateral (select id, erased_at from customer where ref = o.customer_ref limit 1) c on true
), before as materialized (
    select id, customer_id, status, paid, refunded, contact from known_order where id = any(array(select id from told))
), learnt as (
    insert into known_order (id, number, channel, customer_id, status, currency, total, paid, refunded, placed_at, contact)
    select id, number, channel, customer_id, status, currency, total, coalesce(paid, 0), coalesce(refunded, 0), placed_at, contact
    from told order by id
    on conflict (id) do update set status = excluded.status, total = excluded.total, paid = excluded.paid,
        refunded = excluded.refunded, customer_id = excluded.customer_id,
        contact = coalesce(excluded.contact, known_order.contact)
)
select coalesce(array_agg(distinct t.customer_id), '{}')::text
from told t left join before b using (id)
where t.customer_id is not null
  and (b.id is null or b.customer_id is distinct from t.customer_id or (b.status = 'cancelled') <> (t.status = 'cancelled')
    or b.paid <> coalesce(t.paid, 0) or b.refunded <> coalesce(t.refunded, 0)
    or t.contact::text <> coalesce(b.contact::text, ''));

-- Figures of customers; `kept` is what stayed with us in the shop's own currency.
-- name: customers_count(ids, currency) :rows id, level, orders int, kept int
update customer c
set orders = f.orders, spent = f.spent, last_order_at = f.last_order_at, contact = coalesce(f.contact, c.contact)
from (
    select o.customer_id, sum(o.orders)::int as orders, max(o.last_order_at) as last_order_at,
        json_agg(json_build_object('currency', o.currency, 'amount', o.kept) order by o.currency) as spent,
        coalesce(sum(o.kept) filter (where o.currency = :currency), 0)::bigint as kept,
        (select l.contact from known_order l where l.customer_id = o.customer_id and l.contact is not null
         order by l.placed_at desc limit 1) as contact
    from (
        select customer_id, currency, count(*) filter (where status <> 'cancelled') as orders, sum(paid - refunded) as kept,
            max(placed_at) as last_order_at
        from known_order
        where customer_id = any(:ids::uuid[])
        group by 1, 2
    ) o group by 1
) f
where c.id = f.customer_id and c.id = any(:ids::uuid[])
returning c.id, c.level, c.orders, f.kept;

-- name: customers_rank(levels) :exec
update customer c set level = l.level from json_to_recordset(:levels::json) as l(id uuid, level text) where c.id = l.id;
