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
