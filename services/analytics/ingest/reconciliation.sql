-- name: claims_heard(events) :exec
insert into reconciliation as r (day, zone, since, until, as_of, figures)
select distinct on (e.day) e.day, e.time_zone, e.since, e.until, e.as_of, e.figures
from json_to_recordset(:events::json) as e(day text, time_zone text, since timestamptz, until timestamptz, as_of timestamptz,
    figures json)
order by e.day, e.as_of desc
on conflict (day) do update set zone = excluded.zone, since = excluded.since, until = excluded.until, as_of = excluded.as_of,
    figures = excluded.figures, heard_at = now()
where r.as_of < excluded.as_of;

-- Days of which was heard lately, and those that differed. Compared is what was told by the moment as of which orders spoke: the
-- facts (but for what was set aside or mended, which counts as it was told) with what orders said, and the sums with the facts.
-- name: reconcile() :row days int, differences int
with claim as materialized (
    select day, since, until, as_of, figures from reconciliation where heard_at > now() - interval '4 days' or differences > 0
), placed as (
    select c.day, o.currency, count(*) filter (where o.told) as orders, sum(o.gross) filter (where o.told) as gross,
        count(*) filter (where o.told and o.cancelled_at <= c.as_of) as cancelled, count(*) filter (where o.sale) as sales,
        sum(o.gross) filter (where o.sale) as sales_gross
    from claim c cross join lateral (
        select currency, gross, cancelled_at, hour >= c.since and not void as sale, placed_at >= c.since and entered_at <= c.as_of
            and event_id not in (select quarantine_id from mend) as told
        from fact_order where hour >= c.since - interval '1 hour' and hour < c.until offset 0) o
    group by 1, 2
), paid as (
    select c.day, f.currency, count(*) filter (where f.told) as refunds, sum(f.amount) filter (where f.told) as refunded,
        sum(f.amount) filter (where f.counted) as counted
    from claim c cross join lateral (
        select f.currency, f.amount, f.hour >= c.since and f.state = 'counted' as counted, f.refunded_at >= c.since
            and coalesce(a.at <= c.as_of, true) and f.event_id not in (select quarantine_id from mend) as told
        from fact_refund f left join archive a on a.id = f.event_id
        where f.hour >= c.since - interval '1 hour' and f.hour < c.until offset 0) f
    group by 1, 2
), apart as (
    select c.day, d.currency, a.type = 'orders.order.placed' as is_order, d.amount,
        (select sum(l.quantity::numeric * l.unit_price::numeric) from json_to_recordset(case json_typeof(d.lines) when 'array' then d.lines
            else '[]' end) as l(quantity text, unit_price text)
            where l.quantity ~ '^[0-9]{1,18}$' and l.unit_price ~ '^[0-9]{1,18}$') as gross,
        exists (select from archive n where n.aggregate = 'order' and n.aggregate_id = a.aggregate_id
            and n.type = 'orders.order.cancelled' and n.at <= c.as_of) as cancelled
    from (select id from quarantine union select quarantine_id from mend) q join archive a on a.id = q.id,
        json_to_record(a.data) as d(currency text, placed_at timestamptz, refunded_at timestamptz, amount bigint, lines json)
        join claim c on coalesce(d.placed_at, d.refunded_at) >= c.since and coalesce(d.placed_at, d.refunded_at) < c.until
    where a.at <= c.as_of
), summed as (
    select c.day, r.currency, sum(r.orders) as orders, sum(r.gross) as gross, sum(r.refunds) as refunds
    from claim c join sales_rollup r on r.dimension = 'all' and r.grain = 'day' and r.start >= c.since and r.start < c.until
    group by 1, 2
), figure as (
    select c.day, f.currency, m.measure, m.claimed, 0::numeric as counted
    from claim c, json_to_recordset(c.figures) as f(currency text, orders numeric, gross numeric, cancelled numeric, refunds numeric,
        refunded numeric), lateral (values ('orders', f.orders), ('gross', f.gross), ('cancelled', f.cancelled), ('refunds', f.refunds),
        ('refunded', f.refunded)) m(measure, claimed)
    union all
    select p.day, p.currency, m.measure, m.claimed, m.counted
    from placed p, lateral (values ('orders', 0, p.orders), ('gross', 0, p.gross), ('cancelled', 0, p.cancelled),
        ('summed_orders', p.sales, 0), ('summed_gross', p.sales_gross, 0)) m(measure, claimed, counted)
    union all
    select p.day, p.currency, m.measure, m.claimed, m.counted
    from paid p, lateral (values ('refunds', 0, p.refunds), ('refunded', 0, p.refunded), ('summed_refunds', p.counted, 0)) m(measure, claimed,
        counted)
    union all
    select a.day, a.currency, m.measure, 0, m.counted
    from apart a, lateral (values ('orders', 1), ('gross', a.gross), ('cancelled', a.cancelled::int)) m(measure, counted) where a.is_order
    union all
    select a.day, a.currency, m.measure, 0, m.counted
    from apart a, lateral (values ('refunds', 1), ('refunded', a.amount)) m(measure, counted) where not a.is_order
    union all
    select s.day, s.currency, m.measure, 0, m.counted
    from summed s, lateral (values ('summed_orders', s.orders), ('summed_gross', s.gross), ('summed_refunds', s.refunds)) m(measure, counted)
), held as (
    select day, currency, measure, coalesce(sum(claimed), 0) as claimed, coalesce(sum(counted), 0) as counted from figure group by 1, 2, 3
), verdict as (
    select day, count(*) filter (where claimed <> counted) as differences, json_agg(json_build_object('currency', currency,
        'measure', measure, 'claimed', claimed, 'counted', counted, 'difference', counted - claimed) order by currency, measure) as doc
    from held group by 1
), noted as (
    update reconciliation r set checked_at = now(), differences = coalesce(v.differences, 0), measures = coalesce(v.doc, '[]')
    from claim c left join verdict v on v.day = c.day
    where r.day = c.day and r.as_of = c.as_of
    returning r.differences
)
select count(*), coalesce(sum(differences), 0) from noted;

-- name: reconcile_diff() :row n int
select coalesce(sum(differences), 0) from reconciliation where differences > 0;
