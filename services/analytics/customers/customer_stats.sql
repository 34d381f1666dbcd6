-- New is who bought for the first time in this row's part of the window; repeating, who bought twice or more in it.
-- name: customer_figures(cut, from, to, zone) :json
with asked as materialized (
    select shop_zone(:zone) as zone, :from::date::timestamp as first, :to::date::timestamp as last
), chosen as materialized (
    select a.*, first at time zone zone as f, last at time zone zone as t,
        case :cut when 'month' then array['month', 'day'] else array['day'] end as grains
    from asked a
), part as materialized (
    select date_trunc(:cut, r.start, c.zone) as start, r.key as customer, sum(r.orders) as orders
    from chosen c cross join lateral window_spans(c.first, c.last, c.grains) s cross join lateral (select * from sales_rollup
        where dimension = 'customer' and grain = s.grain and start >= s.since at time zone c.zone and start < s.until at time zone c.zone
        offset 0) r
    where r.orders > 0 group by 1, 2
), whole as materialized (
    select customer, sum(orders) as orders from part group by customer
), seen as (
    select p.start, p.customer, p.orders, p.customer = '-' as guest, coalesce(k.since >= greatest(p.start, c.f), false) as new
    from chosen c, part p left join customer k using (customer)
    union all
    select null, p.customer, p.orders, p.customer = '-', coalesce(k.since >= c.f, false)
    from chosen c, whole p left join customer k using (customer)
), figure as (
    select start, count(*) filter (where not guest) as customers, count(*) filter (where new) as new,
        count(*) filter (where not new and not guest) as came_back, count(*) filter (where orders > 1 and not guest) as repeating,
        coalesce(sum(orders), 0) as orders, coalesce(sum(orders) filter (where new), 0) as orders_of_new,
        coalesce(sum(orders) filter (where guest), 0) as orders_of_guests
    from seen group by start
), line as (
    select f.start, json_build_object('customers', customers, 'new', new, 'returning', came_back, 'repeating', repeating,
        'repeat_rate', round(repeating::numeric / nullif(customers, 0), 4), 'orders', orders, 'orders_of_new', orders_of_new,
        'orders_of_guests', orders_of_guests) as doc
    from figure f
)
select case when exists (select from rebuild where status = 'running') then null else json_build_object(
    'data', (select coalesce(json_agg(json_join(json_build_object('key', time_key(:cut, start, c.zone)), doc) order by start), '[]')
        from line where start is not null),
    'totals', coalesce((select doc from line where start is null), json_build_object('customers', 0, 'new', 0, 'returning', 0,
        'repeating', 0, 'repeat_rate', null, 'orders', 0, 'orders_of_new', 0, 'orders_of_guests', 0)),
    'from', :from, 'to', :to, 'by', :cut, 'time_zone', c.zone, 'as_of', (select max(at) from archive)) end
from chosen c;

-- The customers behind a figure, by their ref; their orders are /v1/sales/events by customer.
-- name: customers_behind(from, to, zone, kind, after, count int) :rows customer, doc
with chosen as materialized (
    select zone, :from::date::timestamp as first, :to::date::timestamp as last, :from::date::timestamp at time zone zone as f
    from (select shop_zone(:zone) as zone) a
), whole as (
    select r.key as customer, sum(r.orders) as orders
    from chosen c cross join lateral window_spans(c.first, c.last, array['month', 'day']) s cross join lateral (select * from sales_rollup
        where dimension = 'customer' and grain = s.grain and start >= s.since at time zone c.zone and start < s.until at time zone c.zone
        offset 0) r
    where r.orders > 0 and r.key <> '-' and (:after::text is null or r.key > :after) group by 1
), page as (
    select w.customer, w.orders, k.since >= c.f as new from chosen c, whole w join customer k using (customer)
    where case :kind when 'new' then k.since >= c.f when 'returning' then k.since < c.f when 'repeating' then w.orders > 1 else true end
    order by w.customer limit :count::int
)
select p.customer, json_build_object('customer', p.customer, 'new', p.new, 'orders', p.orders, 'first_order_at', o.placed_at,
    'first_order_id', o.order_id, 'first_event_id', o.event_id)
from page p, lateral (select * from fact_order o where o.customer = p.customer and not o.void
    order by o.hour, o.placed_at, o.event_id limit 1) o
order by p.customer;

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

-- name: rfm_figures(as_of, days int, zone, currency, home) :json
with asked as materialized (
    select shop_zone(:zone) as zone, :as_of::date::timestamp + interval '1 day' as last,
        :as_of::date::timestamp + interval '1 day' - make_interval(days => :days::int) as first
), chosen as materialized (
    select a.*, coalesce(:currency, sales_currency(first at time zone zone, last at time zone zone, :home)) as currency from asked a
), cell as materialized (
    select r.recency, r.frequency, r.monetary, count(*) as customers, sum(r.orders) as orders, sum(r.net) as net, min(r.days) as days_least,
        max(r.days) as days_most, min(r.orders) as orders_least, max(r.orders) as orders_most, min(r.net) as net_least, max(r.net) as net_most
    from chosen c, rfm(c.first, c.last, c.zone, c.currency) r group by 1, 2, 3
), segment as (
    select rfm_segment(recency, frequency, monetary) as segment, sum(customers) as customers, sum(orders) as orders, sum(net) as net
    from cell group by 1
), fifth as (
    select v.name, v.score, sum(customers) as customers, min(v.least) as least, max(v.most) as most
    from cell, lateral (values ('recency', recency, days_least::bigint, days_most::bigint), ('frequency', frequency, orders_least, orders_most),
        ('monetary', monetary, net_least, net_most)) v(name, score, least, most)
    group by 1, 2
)
select case when exists (select from rebuild where status = 'running') then null else json_build_object(
    'data', (select coalesce(json_agg(json_build_object('segment', segment, 'customers', customers, 'orders', orders, 'net', net)
        order by segment), '[]') from segment),
    'quintiles', (select coalesce(json_agg(json_build_object('of', name, 'score', score, 'customers', customers, 'least', least,
        'most', most) order by name, score desc), '[]') from fifth),
    'customers', (select coalesce(sum(customers), 0) from cell), 'first_day', c.first::date, 'last_day', (c.last - interval '1 day')::date,
    'currency', c.currency, 'time_zone', c.zone, 'as_of', (select max(at) from archive)) end
from chosen c;

-- name: rfm_customers(as_of, days int, zone, currency, home, segment, after, count int) :rows customer, doc
with asked as materialized (
    select shop_zone(:zone) as zone, :as_of::date::timestamp + interval '1 day' as last,
        :as_of::date::timestamp + interval '1 day' - make_interval(days => :days::int) as first
), chosen as materialized (
    select a.*, coalesce(:currency, sales_currency(first at time zone zone, last at time zone zone, :home)) as currency from asked a
)
select r.customer, json_build_object('customer', r.customer, 'segment', s.segment, 'recency', r.recency, 'frequency', r.frequency,
    'monetary', r.monetary, 'last_order_on', r.last_day, 'days', r.days, 'orders', r.orders, 'net', r.net)
from chosen c, rfm(c.first, c.last, c.zone, c.currency) r, lateral (select rfm_segment(r.recency, r.frequency, r.monetary) as segment) s
where (:segment::text is null or s.segment = :segment) and (:after::text is null or r.customer > :after)
order by r.customer limit :count::int;
