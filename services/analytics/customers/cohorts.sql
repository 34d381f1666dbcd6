-- Customers by the month of their first order, and how many of them bought in which month. Whole months only.
-- name: cohorts(from, to, zone) :json
with chosen as materialized (
    select zone, :from::date::timestamp at time zone zone as f, :to::date::timestamp at time zone zone as t
    from (select shop_zone(:zone) as zone) a
), cell as materialized (
    select r.* from chosen c join cohort_rollup r on r.cohort >= c.f and r.cohort < c.t and r.start >= c.f and r.start < c.t
), size as (
    select cohort, customers from cell where start = cohort
), line as (
    select s.cohort, json_build_object('cohort', time_key('month', s.cohort, c.zone), 'customers', s.customers,
        'months', json_agg(json_build_object('month', time_key('month', a.start, c.zone), 'customers', a.customers, 'orders', a.orders,
            'retention', round(a.customers::numeric / s.customers, 4)) order by a.start)) as doc
    from chosen c, size s join cell a using (cohort) group by s.cohort, s.customers, c.zone
)
select case when exists (select from rebuild where status = 'running') then null else json_build_object(
    'data', (select coalesce(json_agg(doc order by cohort), '[]') from line), 'from', :from, 'to', :to, 'time_zone', c.zone,
    'as_of', (select max(at) from archive)) end
from chosen c;

-- name: cohort_customers(cohort, month, zone, after, count int) :rows customer, doc
select k.customer, json_build_object('customer', k.customer, 'orders', sum(r.orders))
from (select zone, :cohort::date::timestamp as cohort, :month::date::timestamp as month from (select shop_zone(:zone) as zone) a) c
    join customer k on k.since >= c.cohort at time zone c.zone and k.since < (c.cohort + interval '1 month') at time zone c.zone
    join sales_rollup r on r.dimension = 'customer' and r.grain = 'month' and r.start = c.month at time zone c.zone and r.key = k.customer
where r.orders > 0 and (:after::text is null or k.customer > :after)
group by k.customer order by k.customer limit :count::int;
