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
