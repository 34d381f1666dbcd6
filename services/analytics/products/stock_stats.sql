-- Articles that lie in stock and sold at most a few pieces in the days before; what came in since then had no chance yet.
-- name: slow_movers(as_of, days int, zone, most int, after_stock int, after, count int) :rows on_hand int, sku, doc
with asked as materialized (
    select shop_zone(:zone) as zone, (:as_of::date + 1)::timestamp as last, (:as_of::date + 1 - :days::int)::timestamp as first
), chosen as materialized (
    select a.*, first at time zone zone as f, last at time zone zone as t from asked a
), held as (
    select sku, sum(on_hand)::bigint as on_hand from stock group by sku having sum(on_hand) > 0
), sold as materialized (
    select r.key as sku, sum(r.units) as units
    from chosen c cross join lateral window_spans(c.first, c.last, array['month', 'day']) s cross join lateral (select * from sales_rollup
        where dimension = 'product' and grain = s.grain and start >= s.since at time zone c.zone and start < s.until at time zone c.zone
        offset 0) r
    group by r.key
), slow as (
    select h.sku, h.on_hand, coalesce(s.units, 0) as units, i.first_in
    from chosen c cross join held h left join sold s using (sku)
        cross join lateral (select min(m.moved_at) as first_in from fact_move m where m.sku = h.sku) i
    where coalesce(s.units, 0) <= :most::bigint and i.first_in < c.f
        and (:after::text is null or h.on_hand < :after_stock::bigint or (h.on_hand = :after_stock::bigint and h.sku > :after))
    order by h.on_hand desc, h.sku limit :count::int
)
select s.on_hand, s.sku, json_build_object('key', s.sku, 'title', k.title, 'category', k.category, 'on_hand', s.on_hand,
    'units', s.units, 'last_sold_on', (l.hour at time zone c.zone)::date, 'first_in_on', (s.first_in at time zone c.zone)::date,
    'days_of_stock', div(s.on_hand * :days::int, nullif(s.units, 0)))
from slow s cross join chosen c left join sku k on k.sku = s.sku
    left join lateral (select r.start as hour from sales_rollup r where r.dimension = 'product' and r.grain = 'day' and r.key = s.sku
        and r.start < c.t and r.orders > 0 order by r.start desc limit 1) l on true
order by s.on_hand desc, s.sku;

-- name: stock_moved(events) :exec
with kept as (
    insert into fact_move (move_id, event_id, sku, warehouse, quantity, reason, moved_at)
    select e.aggregate_id, e.id, d.sku, d.warehouse, d.quantity, coalesce(nullif(d.reason, ''), '-'), coalesce(d.created_at, e.time)
    from json_to_recordset(:events::json) as e(id uuid, time timestamptz, aggregate_id uuid, data json),
        json_to_record(e.data) as d(sku text, warehouse text, quantity bigint, reason text, created_at timestamptz)
    on conflict do nothing
    returning sku, warehouse, quantity
)
insert into stock as s (sku, warehouse, on_hand)
select sku, warehouse, sum(quantity) from kept group by sku, warehouse order by sku, warehouse
on conflict (sku, warehouse) do update set on_hand = s.on_hand + excluded.on_hand;
