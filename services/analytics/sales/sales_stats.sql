-- The figures of a window over time: its hours' or days' sums are read once, and tell all of it. Asked to compare, every row also tells
-- the same days of the window before: those of as many days, shifted by their number.
-- name: sales_over_time(cut, grain, from, to, zone, currency, home, channel, count int, compare bool) :json
with asked as materialized (
    select shop_zone(:zone) as zone, :from::date::timestamp as first, :to::date::timestamp as last, :to::date - :from::date as days
), side as materialized (
    select 0 as later, zone, first, last from asked
    union all
    select days, zone, first - make_interval(days => days), first from asked where :compare::boolean
), read as materialized (
    select s.later, date_trunc(:cut, case s.later when 0 then r.start
            else (r.start at time zone s.zone + make_interval(days => s.later)) at time zone s.zone end, s.zone) as start,
        r.currency, :channel::text is null or r.channel = :channel as wanted,
        total(r.orders) as orders, total(r.units) as units, total(r.gross) as gross, total(r.discount) as discount,
        total(r.refunds) as refunds, total(r.refunded) as refunded
    from side s join sales_rollup r on r.start >= s.first at time zone s.zone and r.start < s.last at time zone s.zone
    where r.dimension = 'all' and r.grain = :grain
    group by 1, 2, 3, 4
), chosen as materialized (
    select a.*, m.currencies, coalesce(:currency, case cardinality(m.currencies) when 1 then m.currencies[1] else :home end) as currency
    from asked a, (select coalesce(array_agg(distinct currency), '{}') as currencies from read where later = 0) m
), figure as materialized (
    select r.* from chosen c join read r on r.currency = c.currency
    where r.wanted and (r.orders, r.units, r.gross, r.discount, r.refunds, r.refunded) <> (0, 0, 0, 0, 0, 0)
), shown as materialized (
    select start, row_number() over (order by start) as place, n.orders, n.units, n.gross, n.discount, n.refunds, n.refunded,
        b.orders as orders_before, b.units as units_before, b.gross as gross_before, b.discount as discount_before,
        b.refunds as refunds_before, b.refunded as refunded_before
    from (select * from figure where later = 0) n full join (select * from figure where later > 0) b using (start)
), total as (
    select s.later, figure_json('all', coalesce(total(orders), 0), coalesce(total(units), 0), coalesce(total(gross), 0),
        coalesce(total(discount), 0), coalesce(total(refunds), 0), coalesce(total(refunded), 0)) as doc
    from side s left join figure f using (later) group by s.later
), line as (
    select place, json_build_object('key', time_key(:cut, start, zone), 'orders', coalesce(orders, 0), 'units', coalesce(units, 0),
            'gross', coalesce(gross, 0), 'discount', coalesce(discount, 0), 'refunds', coalesce(refunds, 0),
            'refunded', coalesce(refunded, 0), 'net', coalesce(gross - discount - refunds, 0),
            'average_order', half_up(gross - discount, orders)) as doc,
        figure_json(:cut, coalesce(orders_before, 0), coalesce(units_before, 0), coalesce(gross_before, 0), coalesce(discount_before, 0),
            coalesce(refunds_before, 0), coalesce(refunded_before, 0)) as before
    from shown, chosen where place <= :count::bigint
)
select case when exists (select from rebuild where status = 'running') then null else json_build_object(
    'data', (select coalesce(json_agg(case when :compare::boolean then json_join(doc, json_build_object('previous', before)) else doc end
        order by place), '[]') from line),
    'totals', (select case when :compare::boolean then json_join(n.doc, json_build_object('previous',
            (select doc from total where later > 0))) else n.doc end from total n where later = 0),
    'more', (select count(*) > :count::bigint from shown),
    'from', :from, 'to', :to, 'by', :cut, 'channel', :channel::text, 'currency', c.currency, 'currencies', to_json(c.currencies),
    'previous', (select json_build_object('from', s.first::date, 'to', s.last::date) from side s where later > 0),
    'time_zone', c.zone, 'as_of', (select max(at) from archive)) end
from chosen c;

-- The figures of a window by what was sold, where and to whom. Whole months inside it come from the months' sums where the cut has them,
-- articles over all channels from years and quarters, too. To compare as over time.
-- name: sales_by_key(cut, dimension, months bool, from, to, zone, currency, home, channel, count int, compare bool) :json
with asked as materialized (
    select shop_zone(:zone) as zone, :from::date::timestamp as first, :to::date::timestamp as last, :to::date - :from::date as days,
        case when not :months::boolean then array['day'] when :dimension = 'product' and :channel::text is null
            then array['year', 'quarter', 'month', 'day'] else array['month', 'day'] end as grains,
        case when :dimension = 'product' and :channel::text is null then 'article' else :dimension end as coarse
), chosen as materialized (
    select a.*, first at time zone zone as f, last at time zone zone as t,
        coalesce(:currency, sales_currency(first at time zone zone, last at time zone zone, :home)) as currency
    from asked a
), side as materialized (
    select 0 as later, c.* from chosen c
    union all
    select days, zone, first - make_interval(days => days), first, days, grains, coarse, (first - make_interval(days => days)) at time zone zone, f,
        currency
    from chosen where :compare::boolean
), part as (
    select c.later, r.channel, r.key, r.orders, r.units, r.gross, r.discount, r.refunds, r.refunded
    from side c cross join lateral window_spans(c.first, c.last, c.grains) s cross join lateral (select * from sales_rollup
        where dimension = case s.grain when 'day' then :dimension else c.coarse end
            and grain = s.grain
            and start >= s.since at time zone c.zone and start < s.until at time zone c.zone
            and currency = c.currency and (:channel::text is null or channel = :channel) offset 0) r
), figure as (
    select case :cut when 'channel' then channel else key end as key,
        coalesce(sum(orders) filter (where later = 0), 0) as orders, coalesce(sum(units) filter (where later = 0), 0) as units,
        coalesce(sum(gross) filter (where later = 0), 0) as gross, coalesce(sum(discount) filter (where later = 0), 0) as discount,
        coalesce(sum(refunds) filter (where later = 0), 0) as refunds, coalesce(sum(refunded) filter (where later = 0), 0) as refunded,
        coalesce(sum(orders) filter (where later > 0), 0) as orders_before, coalesce(sum(units) filter (where later > 0), 0) as units_before,
        coalesce(sum(gross) filter (where later > 0), 0) as gross_before, coalesce(sum(discount) filter (where later > 0), 0) as discount_before,
        coalesce(sum(refunds) filter (where later > 0), 0) as refunds_before, coalesce(sum(refunded) filter (where later > 0), 0) as refunded_before
    from part group by 1
), shown as (
    select *, row_number() over (order by gross desc, key) as place
    from figure
    where (orders, units, gross, discount, refunds, refunded) <> (0, 0, 0, 0, 0, 0)
        or (orders_before, units_before, gross_before, discount_before, refunds_before, refunded_before) <> (0, 0, 0, 0, 0, 0)
), total as (
    select s.later, figure_json('all', coalesce(sum(orders), 0), coalesce(sum(units), 0), coalesce(sum(gross), 0),
        coalesce(sum(discount), 0), coalesce(sum(refunds), 0), coalesce(sum(refunded), 0)) as doc
    from side s left join sales_rollup r on r.dimension = 'all' and r.grain = 'day' and r.start >= s.f and r.start < s.t
        and r.currency = s.currency and (:channel::text is null or r.channel = :channel)
    group by s.later
), line as (
    select place, case :cut when 'product' then json_build_object('key', s.key, 'title', k.title, 'category', k.category, 'orders', orders,
            'units', units, 'gross', gross, 'discount', null, 'refunds', null, 'net', null, 'average_order', null)
        else json_build_object('key', s.key, 'orders', orders, 'units', units, 'gross', gross, 'discount', discount, 'refunds', refunds,
            'refunded', refunded, 'net', gross - discount - refunds, 'average_order', half_up(gross - discount, orders)) end as doc,
        figure_json(:cut, orders_before, units_before, gross_before, discount_before, refunds_before, refunded_before) as before
    from shown s left join sku k on :cut = 'product' and k.sku = s.key where place <= :count::bigint
)
select case when exists (select from rebuild where status = 'running') then null else json_build_object(
    'data', (select coalesce(json_agg(case when :compare::boolean then json_join(doc, json_build_object('previous', before)) else doc end
        order by place), '[]') from line),
    'totals', (select case when :compare::boolean then json_join(n.doc, json_build_object('previous',
            (select doc from total where later > 0))) else n.doc end from total n where later = 0),
    'more', (select count(*) > :count::bigint from shown),
    'from', :from, 'to', :to, 'by', :cut, 'channel', :channel::text, 'currency', c.currency,
    'currencies', (select coalesce(json_agg(distinct r.currency), '[]') from sales_rollup r
        where r.dimension = 'all' and r.grain = 'day' and r.start >= c.f and r.start < c.t),
    'previous', (select json_build_object('from', s.first::date, 'to', s.last::date) from side s where later > 0),
    'time_zone', c.zone, 'as_of', (select max(at) from archive)) end
from chosen c;

-- The orders and refunds behind a figure, oldest first.
-- name: sales_events(cut, key, from, to, zone, currency, home, channel, after_at, after_id, count int) :rows at, event_id, doc
with asked as materialized (
    select shop_zone(:zone) as zone
), window_ as materialized (
    select a.zone, :from::date::timestamp at time zone a.zone as f, :to::date::timestamp at time zone a.zone as t from asked a
), chosen as materialized (
    select greatest(w.f, k.since) as f, least(w.t, k.until) as t, coalesce(:currency, sales_currency(w.f, w.t, :home)) as currency
    from window_ w, key_span(:cut, :key, w.zone) k
), found as (
    select o.placed_at as at, o.event_id, 'orders.order.placed' as type, o.order_id, o.number, 1 as orders,
        case :cut when 'product' then l.units else o.units end as units, case :cut when 'product' then l.gross else o.gross end as gross,
        o.discount, 0 as refunds
    from chosen c join fact_order o on o.hour >= c.f and o.hour < c.t and o.currency = c.currency and not o.void
        left join lateral (select sum(quantity) as units, sum(quantity * unit_price) as gross from fact_line l
            where :cut = 'product' and l.order_id = o.order_id and l.sku = :key) l on true
    where (:channel::text is null or o.channel = :channel)
        and (:key::text is null or :key = case :cut when 'channel' then o.channel when 'country' then o.country
            when 'customer' then o.customer else :key end)
        and (:cut <> 'product' or :key::text is null or l.units is not null)
    union all
    select f.refunded_at, f.event_id, 'orders.refund.paid', f.order_id, o.number, 0, 0, 0, 0, f.amount
    from chosen c join fact_refund f on f.hour >= c.f and f.hour < c.t and f.state = 'counted'
        join fact_order o on o.order_id = f.order_id and o.currency = c.currency
    where :cut <> 'product' and (:channel::text is null or o.channel = :channel)
        and (:key::text is null or :key = case :cut when 'channel' then o.channel when 'country' then o.country
            when 'customer' then o.customer else :key end)
)
select at::text, event_id, json_build_object('event_id', event_id, 'type', type, 'order_id', order_id, 'order_number', number, 'at', at,
    'orders', orders, 'units', units, 'gross', gross, 'discount', case when :cut <> 'product' then discount end, 'refunds', refunds)
from found
where :after_at::text is null or (at, event_id) > (:after_at::timestamptz, :after_id::uuid)
order by found.at, event_id limit :count::int;
