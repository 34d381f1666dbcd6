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
