-- Orders become facts, or are set aside; what became a fact is added to the sums. Each document is read once, and each sum is made of
-- the next finer one, so that a row of the sums is changed once a batch, whatever is in it. `change` hands the sums over in the order in
-- which everybody takes them: orders' before articles', by dimension and grain, then by key.
-- Those of articles are the rows that article_slots() names.
-- name: orders_placed(events, zone) :exec
with said as materialized (
    select e.id as event_id, e.type, e.time as entered_at, e.aggregate_id as order_id, coalesce(nullif(e.country, ''), '-') as country,
        e.data, d.number, d.channel, d.currency, coalesce(nullif(d.customer_ref, ''), '-') as customer, d.placed_at,
        coalesce(d.discount, 0) as discount, d.lines
    from json_to_recordset(:events::json) as e(id uuid, type text, time timestamptz, aggregate_id uuid, country text, data json),
        json_to_record(e.data) as d(number text, channel text, currency text, customer_ref text, placed_at timestamptz, discount bigint,
            lines json)
), line as materialized (
    select s.order_id, l.place::int as line, l.sku, possible_quantity(l.quantity) as quantity, possible_price(l.unit_price) as unit_price
    from said s, rows from (json_to_recordset(case json_typeof(s.lines) when 'array' then s.lines else '[]' end)
        as (sku text, quantity text, unit_price text)) with ordinality as l(sku, quantity, unit_price, place)
), whole as (
    select order_id, count(*) as lines, bool_and(coalesce(sku, '') <> '') as skus, bool_and(quantity is not null) as quantities,
        bool_and(unit_price is not null) as prices, total(quantity) as units, sum(quantity::numeric * unit_price) as gross
    from line group by order_id
), judged as materialized (
    select s.*, w.units, w.gross, order_faults(coalesce(w.lines, 0), w.skus, w.quantities, w.prices, coalesce(w.gross, 0), s.discount,
        s.placed_at, s.entered_at) as faults
    from said s left join whole w using (order_id)
), aside as (
    insert into quarantine (id, type, about, number, reasons, at, data)
    select event_id, type, order_id, number, faults, entered_at, data from judged where cardinality(faults) > 0
    on conflict do nothing
), kept as (
    insert into fact_order (order_id, event_id, number, channel, currency, country, customer, placed_at, entered_at, hour, units, gross,
        discount)
    select order_id, event_id, number, channel, currency, country, customer, placed_at, entered_at,
        date_trunc('hour', placed_at, :zone), units, gross, discount
    from judged where cardinality(faults) < 1
    on conflict do nothing
    returning order_id, hour, channel, currency, country, customer, units, gross, discount
), kept_lines as (
    insert into fact_line (order_id, line, sku, quantity, unit_price, hour)
    select l.order_id, l.line, l.sku, l.quantity, l.unit_price, k.hour from line l join kept k using (order_id)
), bought as (
    select order_id, sku, total(quantity) as units, total(quantity * unit_price) as gross
    from line where order_id in (select order_id from kept) group by order_id, sku
), by_day as materialized (
    select date_trunc('day', k.hour, :zone) as start, k.currency, k.channel, b.sku, count(*) as orders, total(b.units) as units,
        total(b.gross) as gross
    from bought b join kept k using (order_id) group by 1, 2, 3, 4
), by_month as materialized (
    select date_trunc('month', start, :zone) as start, currency, channel, sku, total(orders) as orders, total(units) as units,
        total(gross) as gross
    from by_day group by 1, 2, 3, 4
), article as materialized (
    select start, currency, sku, total(orders) as orders, total(units) as units, total(gross) as gross
    from by_month group by 1, 2, 3
), change as (
    (select s.dimension, s.grain, s.start, k.currency, s.channel_of as channel, s.key, count(*) as orders, total(k.units) as units,
        total(k.gross) as gross, total(k.discount) as discount, (max(k.hour) filter (where s.dimension = 'buyer') at time zone :zone)::date as latest
    from kept k, sales_slots(k.hour, :zone, k.country, k.customer, k.channel) s group by 1, 2, 3, 4, 5, 6
    order by 1, 2, s.key collate "C", 3, 4, 5)
    union all
    (select 'article', 'month', start, currency, '', sku, orders, units, gross, 0, null
    from article order by sku collate "C", start, currency)
    union all
    (select 'article', 'quarter', date_trunc('quarter', start, :zone), currency, '', sku, total(orders), total(units), total(gross), 0, null
    from article group by 3, 4, 6 order by sku collate "C", 3, 4)
    union all
    (select 'article', 'year', date_trunc('year', start, :zone), currency, '', sku, total(orders), total(units), total(gross), 0, null
    from article group by 3, 4, 6 order by sku collate "C", 3, 4)
    union all
    (select 'product', 'day', start, currency, channel, sku, orders, units, gross, 0, null
    from by_day order by sku collate "C", start, currency, channel)
    union all
    (select 'product', 'month', start, currency, channel, sku, orders, units, gross, 0, null
    from by_month order by sku collate "C", start, currency, channel)
)
insert into sales_rollup as r (dimension, grain, start, currency, channel, key, orders, units, gross, discount, refunds, refunded, latest)
select dimension, grain, start, currency, channel, key, orders, units, gross, discount, 0, 0, latest from change
on conflict (start, key, currency, channel, grain, dimension) do update
set orders = r.orders + excluded.orders, units = r.units + excluded.units, gross = r.gross + excluded.gross,
    discount = r.discount + excluded.discount, latest = greatest(r.latest, excluded.latest);

-- When an order first took a step.
-- name: orders_stepped(events) :exec
update fact_order o
set confirmed_at = coalesce(o.confirmed_at, s.confirmed_at), shipped_at = coalesce(o.shipped_at, s.shipped_at),
    delivered_at = coalesce(o.delivered_at, s.delivered_at), cancelled_at = coalesce(o.cancelled_at, s.cancelled_at)
from (select aggregate_id,
        min(time) filter (where type = 'orders.order.confirmed') as confirmed_at,
        min(time) filter (where type = 'orders.order.shipped') as shipped_at,
        min(time) filter (where type = 'orders.order.delivered') as delivered_at,
        min(time) filter (where type = 'orders.order.cancelled') as cancelled_at
    from json_to_recordset(:events::json) as e(type text, time timestamptz, aggregate_id uuid)
    where type in ('orders.order.confirmed', 'orders.order.shipped', 'orders.order.delivered', 'orders.order.cancelled')
    group by aggregate_id) s
where o.order_id = s.aggregate_id;

-- Cancelled before any money came: never a sale. It leaves the sums of the day it was placed, and money that came too
-- late and went back is no refund.
-- name: sales_void(events, zone) :exec
with gone as (
    update fact_order o set void = true
    from json_to_recordset(:events::json) as e(aggregate_id uuid, data json), json_to_record(e.data) as d(paid bigint, refunded bigint)
    where o.order_id = e.aggregate_id and not o.void and coalesce(d.paid, 0) = 0 and coalesce(d.refunded, 0) = 0
    returning o.order_id, o.hour, o.channel, o.currency, o.country, o.customer, o.units, o.gross, o.discount
), returned as (
    update fact_refund f set state = 'void' from gone g where f.order_id = g.order_id and f.state = 'counted'
    returning f.order_id, f.hour, f.amount
), change as (
    select s.dimension, s.grain, s.start, g.currency, s.channel_of as channel, s.key, 1 as orders, g.units, g.gross, g.discount, 0 as refunds, 0 as refunded
    from gone g, sales_slots(g.hour, :zone, g.country, g.customer, g.channel) s
    union all
    select s.dimension, s.grain, s.start, g.currency, s.channel_of, l.sku, 1, sum(l.quantity), sum(l.quantity * l.unit_price), 0, 0, 0
    from fact_line l join gone g using (order_id), article_slots(g.hour, :zone, g.channel) s group by g.order_id, 1, 2, 3, 4, 5, 6
    union all
    select s.dimension, s.grain, s.start, g.currency, s.channel_of, s.key, 0, 0, 0, 0, r.amount, 0
    from returned r join gone g using (order_id), sales_slots(r.hour, :zone, g.country, g.customer, g.channel) s
    union all
    select s.dimension, s.grain, s.start, g.currency, s.channel_of, s.key, 0, 0, 0, 0, 0, r.amount
    from returned r join gone g using (order_id), sales_slots(g.hour, :zone, g.country, g.customer, g.channel) s
)
insert into sales_rollup as r (dimension, grain, start, currency, channel, key, orders, units, gross, discount, refunds, refunded)
select dimension, grain, start, currency, channel, key, -sum(orders), -sum(units), -sum(gross), -sum(discount), -sum(refunds),
    -sum(refunded)
from change group by 1, 2, 3, 4, 5, 6 order by dimension in ('article', 'product'), 1, 2, key collate "C", 3, 4, 5
on conflict (start, key, currency, channel, grain, dimension) do update
set orders = r.orders + excluded.orders, units = r.units + excluded.units, gross = r.gross + excluded.gross,
    discount = r.discount + excluded.discount, refunds = r.refunds + excluded.refunds, refunded = r.refunded + excluded.refunded;

-- Their customers' last orders are others now. After sales_void, which locked these rows.
-- name: buyers_anew(orders, zone) :exec
with touched as materialized (
    select distinct s.grain, s.start, o.currency, o.customer
    from fact_order o, sales_slots(o.hour, :zone, o.country, o.customer, o.channel) s
    where o.order_id = any(:orders::uuid[])
      and o.void and s.dimension = 'buyer'
)
update sales_rollup r set latest = (select (max(o.hour) at time zone :zone)::date from fact_order o where o.customer = r.key and o.currency = r.currency
    and not o.void and o.hour >= r.start and o.hour < grain_end(r.grain, r.start, :zone))
from touched t
where (r.dimension, r.grain, r.start, r.currency, r.channel, r.key) = ('buyer', t.grain, t.start, t.currency, '', t.customer);

-- Sums that came to nothing by it: a table says the same whatever the order in which its news came.
-- name: sums_sweep(orders, zone) :exec
delete from sales_rollup r
using (select o.currency, s.channel_of, s.dimension, s.grain, s.start, s.key
    from fact_order o left join fact_refund f on f.order_id = o.order_id,
        lateral (select t.* from sales_slots(o.hour, :zone, o.country, o.customer, o.channel) t
            union select t.* from sales_slots(f.hour, :zone, o.country, o.customer, o.channel) t
            union select p.dimension, p.grain, p.start, p.channel_of, l.sku from fact_line l,
                article_slots(o.hour, :zone, o.channel) p where l.order_id = o.order_id) s
    where o.order_id = any(:orders::uuid[]) and o.void) k
where (r.dimension, r.grain, r.start, r.currency, r.channel, r.key) = (k.dimension, k.grain, k.start, k.currency, k.channel_of, k.key)
    and (r.orders, r.units, r.gross, r.discount, r.refunds, r.refunded) = (0, 0, 0, 0, 0, 0);

-- name: refunds_paid(events, zone) :exec
with said as materialized (
    select e.id as event_id, e.type, e.time, e.data, d.id as refund_id, d.order_id, d.order_number, d.currency, d.refunded_at,
        coalesce(nullif(d.kind, ''), '-') as kind, coalesce(nullif(d.reason, ''), '-') as reason,
        refund_faults(e.data, e.time) || return_faults(e.data) as faults
    from json_to_recordset(:events::json) as e(id uuid, type text, time timestamptz, data json),
        json_to_record(e.data) as d(id uuid, order_id uuid, order_number text, currency text, refunded_at timestamptz, kind text,
            reason text)
), aside as (
    insert into quarantine (id, type, about, number, reasons, at, data)
    select event_id, type, order_id, order_number, faults, time, data from said where faults <> '{}'
    on conflict do nothing
), kept as (
    insert into fact_refund (refund_id, event_id, order_id, order_number, currency, amount, refunded_at, hour, kind, reason)
    select refund_id, event_id, order_id, order_number, currency, (data->>'amount')::bigint, refunded_at,
        date_trunc('hour', refunded_at, :zone), kind, reason
    from said where faults = '{}'
    on conflict do nothing
    returning refund_id
)
insert into fact_return (refund_id, line, sku, quantity)
select s.refund_id, l.place, l.data->>'sku', (l.data->>'quantity')::bigint
from said s join kept k using (refund_id),
    json_array_elements(case json_typeof(s.data->'lines') when 'array' then s.data->'lines' else '[]' end) with ordinality as l(data, place);

-- Count the refunds that wait and whose order is known by now.
-- name: refunds_count(zone) :exec
with ready as (
    update fact_refund f set state = case when o.void then 'void' else 'counted' end
    from fact_order o
    where f.state = 'waiting' and o.order_id = f.order_id
    returning f.amount, f.hour as refund_hour, o.hour as order_hour, o.channel, o.currency, o.country, o.customer, o.void
), change as (
    select s.dimension, s.grain, s.start, r.currency, s.channel_of as channel, s.key, r.amount as refunds, 0 as refunded
    from ready r, sales_slots(r.refund_hour, :zone, r.country, r.customer, r.channel) s where not r.void
    union all
    select s.dimension, s.grain, s.start, r.currency, s.channel_of, s.key, 0, r.amount
    from ready r, sales_slots(r.order_hour, :zone, r.country, r.customer, r.channel) s where not r.void
)
insert into sales_rollup as r (dimension, grain, start, currency, channel, key, orders, units, gross, discount, refunds, refunded)
select dimension, grain, start, currency, channel, key, 0, 0, 0, 0, sum(refunds), sum(refunded)
from change group by 1, 2, 3, 4, 5, 6 order by 1, 2, key collate "C", 3, 4, 5
on conflict (start, key, currency, channel, grain, dimension) do update
set refunds = r.refunds + excluded.refunds, refunded = r.refunded + excluded.refunded;
