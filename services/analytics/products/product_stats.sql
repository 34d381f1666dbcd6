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

-- name: products_named(events) :exec
insert into sku as s (sku, product_id, title, category, said_at)
select distinct on (v.sku) v.sku, e.aggregate_id, coalesce(d.title, v.sku), d.category, e.time
from json_to_recordset(:events::json) as e(aggregate_id uuid, time timestamptz, version int, data json),
    json_to_record(e.data) as d(title text, category text, variants json),
    json_to_recordset(coalesce(d.variants, '[]')) as v(sku text)
where v.sku is not null
order by v.sku, e.time desc, e.version desc
on conflict (sku) do update set product_id = excluded.product_id, title = excluded.title, category = excluded.category,
    said_at = excluded.said_at
where s.said_at <= excluded.said_at;
