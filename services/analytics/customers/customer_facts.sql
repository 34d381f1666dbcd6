-- Time of each customer's first order: the earlier of the stored and the new one.
-- name: customers_seen(orders) :exec
insert into customer as c (customer, since)
select o.customer, min(o.hour) from fact_order o
where o.order_id = any(:orders::uuid[])
  and not o.void and o.customer <> '-' group by o.customer order by o.customer
on conflict (customer) do update set since = excluded.since where c.since > excluded.since;

-- Before customers_recount, so that it sees what other transactions have committed of these customers.
-- name: buyers_lock(orders) :exec
select from customer
where customer in (select o.customer from fact_order o where o.order_id = any(:orders::uuid[]))
order by customer for update;

-- Customers of void orders: their first order is another one, or they have none.
-- name: customers_recount(orders) :exec
with touched as (
    select c.customer, (select min(n.hour) from fact_order n where n.customer = c.customer and not n.void) as since
    from customer c
    where c.customer in (select o.customer from fact_order o where o.order_id = any(:orders::uuid[]) and o.void)
), moved as (
    update customer c set since = t.since from touched t where c.customer = t.customer and t.since is not null and c.since <> t.since
)
delete from customer c using touched t where c.customer = t.customer and t.since is null;

-- In which months these orders' customers bought, and in whose cohort that counts. After customers_seen or
-- customers_recount, which locked the customers. A customer whose cohort changed is counted anew as a whole,
-- else only the months of these orders are.
-- name: cohorts_follow(orders, zone) :exec
with placed as materialized (
    select distinct o.customer, date_trunc('month', o.hour, :zone) as start from fact_order o
    where o.order_id = any(:orders::uuid[]) and o.customer <> '-'
), touched as materialized (
    select p.customer, p.months, c.cohort, c.cohort is distinct from m.cohort as moved
    from (select customer, array_agg(start) as months from placed group by customer) p
        left join lateral (select date_trunc('month', since, :zone) as cohort from customer where customer = p.customer limit 1) c on true
        left join lateral (select cohort from cohort_member where customer = p.customer limit 1) m on true
), now as materialized (
    select w.customer, r.start, w.cohort, r.orders
    from touched w, lateral (select start, sum(orders)::bigint as orders from sales_rollup
        where dimension = 'buyer' and grain = 'month' and key = w.customer
            and (w.moved or start = any(w.months)) group by start) r
    where r.orders > 0
), before as materialized (
    select m.* from touched w, lateral (select * from cohort_member where customer = w.customer and (w.moved or start = any(w.months)) offset 0) m
), gone as (
    delete from cohort_member m using before b left join now n using (customer, start)
    where m.customer = b.customer and m.start = b.start and n.customer is null
), put as (
    insert into cohort_member as m (customer, start, cohort, orders) select customer, start, cohort, orders from now order by 1, 2
    on conflict (customer, start) do update set cohort = excluded.cohort, orders = excluded.orders
    where (m.cohort, m.orders) <> (excluded.cohort, excluded.orders)
)
insert into cohort_rollup as r (cohort, start, customers, orders)
select cohort, start, sum(one), sum(orders)
from (select cohort, start, 1 as one, orders from now union all select cohort, start, -1, -orders from before) d
group by 1, 2 having sum(one) <> 0 or sum(orders) <> 0 order by 1, 2
on conflict (cohort, start) do update set customers = r.customers + excluded.customers, orders = r.orders + excluded.orders;

-- name: empty_cohorts_delete() :exec
delete from cohort_rollup where customers = 0;
