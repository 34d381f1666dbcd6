-- name: ledger_window(from, to, zone) :row days int, early bool
select coalesce(:to::date, today) - coalesce(:from::date, today - 3), coalesce(:to::date, today) > today
from (select (now() at time zone :zone)::date as today) t;

-- Days as they stand, without those before the first order; unless from and to say otherwise, the last three that are
-- over. Whatever this sees was committed, so it began, before as_of: the clock is asked after the snapshot was taken.
-- name: ledger_close(from, to, zone) :row n int, days
with clock as materialized (
    select clock_timestamp() as as_of, (now() at time zone :zone)::date as today
), day as materialized (
    select to_char(d, 'YYYY-MM-DD') as day, d at time zone :zone as since, (d + interval '1 day') at time zone :zone as until
    from clock c, generate_series(coalesce(:from::date, c.today - 3)::timestamp, coalesce(:to::date, c.today) - interval '1 day',
        interval '1 day') d
), line as (
    select d.day, o.currency, 1 as orders, o.gross, (o.status = 'cancelled')::int as cancelled, 0 as refunds, 0 as refunded
    from day d cross join lateral (select currency, gross, status from orders where placed_at >= d.since and placed_at < d.until offset 0) o
    union all
    select d.day, o.currency, 0, 0, 0, 1, r.amount
    from day d cross join lateral (select order_id, amount from refund where refunded_at >= d.since and refunded_at < d.until offset 0) r
        join orders o on o.id = r.order_id
), sum as (
    select day, json_build_object('currency', currency, 'orders', sum(orders), 'gross', sum(gross), 'cancelled', sum(cancelled),
        'refunds', sum(refunds), 'refunded', sum(refunded)) as doc, currency
    from line group by day, currency
), closed as (
    insert into ledger_day as l (day, zone, since, until, as_of, figures)
    select d.day, :zone, d.since, d.until, c.as_of,
        coalesce((select json_agg(s.doc order by s.currency) from sum s where s.day = d.day), '[]')
    from clock c, day d
    where exists (select from orders where placed_at < d.until)
    order by d.day
    on conflict (day) do update set zone = excluded.zone, since = excluded.since, until = excluded.until, as_of = excluded.as_of,
        figures = excluded.figures
    where l.as_of < excluded.as_of
    returning day
)
select count(*), array_agg(day)::text from closed;
