-- `offset 0` around sums whose dimension or span is only known when it runs: they are looked up by their key then, in the partition they
-- are in; without, whole partitions may be read and joined.
-- The best sellers of a window. What an article sold lies between its sum over the whole months inside the window and that
-- over all months it touches: only those that can still be among the first are counted by the day.
-- name: ranking(from, to, zone, currency, home, channel, by_units bool, count int) :json
with asked as materialized (
    select shop_zone(:zone) as zone, :from::date::timestamp as first, :to::date::timestamp as last
), chosen as materialized (
    select a.*, coalesce(:currency, sales_currency(first at time zone zone, last at time zone zone, :home)) as currency,
        case when :channel::text is null then 'article' else 'product' end as dimension, coalesce(:channel, '') as channel,
        case when :channel::text is null then array['year', 'quarter', 'month'] else array['month'] end as grains
    from asked a
), span as materialized (
    select s.* from chosen c, window_spans(c.first, c.last, c.grains) s
), slot as materialized (
    select s.* from chosen c, window_cover(c.first, c.last, c.grains, c.zone) s
), inside as materialized (
    select coalesce(min(s.since), c.last) as since, coalesce(max(s.until), c.last) as until from chosen c left join span s on true
    group by c.last
), edge as materialized (
    select distinct m.month from chosen c, inside i, lateral (values (c.first, i.since), (i.until, c.last)) e(since, until),
        generate_series(date_trunc('month', e.since), e.until - interval '1 day', interval '1 month') m(month)
    where e.since < e.until
), part as (
    select r.key, s.sign * case when :by_units::boolean then r.units else r.gross end as least, 0::bigint as more
    from chosen c, slot s, lateral (select * from sales_rollup where dimension = c.dimension and grain = s.grain and start = s.start
        and currency = c.currency and channel = c.channel offset 0) r
    union all
    select r.key, 0, case when :by_units::boolean then r.units else r.gross end
    from chosen c, edge e, lateral (select * from sales_rollup where dimension = c.dimension and grain = 'month'
        and start = e.month at time zone c.zone and currency = c.currency and channel = c.channel offset 0) r
), bound as materialized (
    select key, sum(least) as least, sum(least) + sum(more) as most from part group by key
), candidate as materialized (
    select key from bound
    where most >= coalesce((select least from bound order by least desc offset :count::bigint - 1 limit 1), 0)
), exact as (
    select b.key, d.*
    from chosen c, inside i, candidate b, lateral (
        select sum(orders) as orders, sum(units) as units, sum(gross) as gross from (
            select s.sign * r.orders as orders, s.sign * r.units as units, s.sign * r.gross as gross from slot s, lateral (select * from sales_rollup where dimension = c.dimension
                and grain = s.grain and start = s.start and currency = c.currency and channel = c.channel and key = b.key offset 0) r
            union all
            select r.orders, r.units, r.gross
            from (values (c.first, i.since), (i.until, c.last)) e(since, until) join sales_rollup r on r.start >= e.since at time zone c.zone
                and r.start < e.until at time zone c.zone
            where e.since < e.until and r.key = b.key and r.dimension = 'product' and r.grain = 'day' and r.currency = c.currency
                and (:channel::text is null or r.channel = :channel)) piece) d
), placed as (
    select *, row_number() over (order by case when :by_units::boolean then units else gross end desc, key) as place
    from exact where orders > 0
)
select case when exists (select from rebuild where status = 'running') then null else json_build_object(
    'data', (select coalesce(json_agg(json_build_object('place', place, 'key', p.key, 'title', k.title, 'category', k.category,
        'orders', orders, 'units', units, 'gross', gross) order by place), '[]')
        from placed p left join sku k on k.sku = p.key where place <= :count::bigint),
    'from', :from, 'to', :to, 'order', case when :by_units::boolean then 'units' else 'gross' end, 'channel', :channel::text,
    'currency', c.currency, 'time_zone', c.zone, 'as_of', (select max(at) from archive)) end
from chosen c;

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

-- Refunds of a window that count, by what came back or why. One refund of two articles is in both rows, once in the totals;
-- its amount is of the whole refund, so by product there is none. sold: pieces sold in the same window.
-- name: returns(cut, from, to, zone, currency, home, count int) :json
with asked as materialized (
    select shop_zone(:zone) as zone, :from::date::timestamp as first, :to::date::timestamp as last
), chosen as materialized (
    select a.*, first at time zone zone as f, last at time zone zone as t,
        coalesce(:currency, sales_currency(first at time zone zone, last at time zone zone, :home)) as currency
    from asked a
), refund as materialized (
    select f.refund_id, f.amount, f.kind, f.reason, f.hour,
        (select coalesce(sum(l.quantity), 0) from fact_return l where l.refund_id = f.refund_id) as units
    from chosen c join fact_refund f on f.hour >= c.f and f.hour < c.t and f.state = 'counted' and f.currency = c.currency
), sold as materialized (
    select r.key as sku, sum(r.units) as units
    from chosen c cross join lateral window_spans(c.first, c.last, array['month', 'day']) s cross join lateral (select * from sales_rollup
        where dimension = 'product' and grain = s.grain and start >= s.since at time zone c.zone and start < s.until at time zone c.zone
        offset 0) r
    where :cut = 'product' and r.currency = c.currency group by r.key
), figure as (
    select case :cut when 'kind' then kind when 'reason' then reason else time_key(:cut, date_trunc(:cut, hour, c.zone), c.zone) end as key,
        count(*) as refunds, sum(units) as units, sum(amount) as amount, null::numeric as sold
    from refund, chosen c where :cut <> 'product' group by 1
    union all
    select l.sku, count(distinct l.refund_id), sum(l.quantity), null, coalesce(min(s.units), 0)
    from refund f join fact_return l using (refund_id) left join sold s on s.sku = l.sku where :cut = 'product' group by 1
), placed as (
    select *, row_number() over (order by units desc, coalesce(amount, 0) desc, key) as place from figure
)
select case when exists (select from rebuild where status = 'running') then null else json_build_object(
    'data', (select coalesce(json_agg(json_build_object('key', p.key, 'title', k.title, 'refunds', refunds, 'units', units,
        'amount', amount, 'sold', sold) order by place), '[]')
        from placed p left join sku k on :cut = 'product' and k.sku = p.key where place <= :count::bigint),
    'totals', (select json_build_object('refunds', count(*), 'units', coalesce(sum(units), 0), 'amount', coalesce(sum(amount), 0))
        from refund),
    'more', (select count(*) > :count::bigint from placed),
    'from', :from, 'to', :to, 'by', :cut, 'currency', c.currency, 'time_zone', c.zone, 'as_of', (select max(at) from archive)) end
from chosen c;

-- name: returns_behind(cut, key, from, to, zone, currency, home, after, count int) :rows refund_id, doc
with asked as materialized (
    select shop_zone(:zone) as zone, :from::date::timestamp as first, :to::date::timestamp as last
), chosen as materialized (
    select a.*, first at time zone zone as f, last at time zone zone as t,
        coalesce(:currency, sales_currency(first at time zone zone, last at time zone zone, :home)) as currency
    from asked a
)
select f.refund_id, json_build_object('event_id', f.event_id, 'type', 'orders.refund.paid', 'refund_id', f.refund_id,
    'order_id', f.order_id, 'order_number', f.order_number, 'at', f.refunded_at, 'kind', f.kind, 'reason', f.reason, 'amount', f.amount,
    'lines', (select coalesce(json_agg(json_build_object('sku', l.sku, 'quantity', l.quantity) order by l.line), '[]')
        from fact_return l where l.refund_id = f.refund_id))
from chosen c join fact_refund f on f.hour >= c.f and f.hour < c.t and f.state = 'counted' and f.currency = c.currency
where (:key::text is null or case :cut when 'kind' then f.kind = :key when 'reason' then f.reason = :key
        when 'product' then exists (select from fact_return l where l.refund_id = f.refund_id and l.sku = :key)
        else time_key(:cut, date_trunc(:cut, f.hour, c.zone), c.zone) = :key end)
    and (:after::text is null or f.refund_id > :after::uuid)
order by f.refund_id limit :count::int;
