-- The hour of every customer's first order that is a sale, which tells new customers and their cohorts.
-- Guests are in no row.
create table customer (
    customer text primary key,
    since    timestamptz not null
);
create index customer_since on customer (since, customer);

-- In which months the customers of a cohort (the month of their first order) bought, and the counts of it.
-- cohort_member says what is counted of a customer, so that it can be taken back.
create table cohort_member (
    customer text not null,
    start    timestamptz not null,
    cohort   timestamptz not null,
    orders   bigint not null,
    primary key (customer, start)
) with (fillfactor = 70);

create table cohort_rollup (
    cohort    timestamptz not null,
    start     timestamptz not null,
    customers bigint not null,
    orders    bigint not null,
    primary key (cohort, start)
) with (fillfactor = 70);
create index cohort_rollup_empty on cohort_rollup (cohort) where customers = 0;

-- Customers with sales in a window, scored by fifths: 5 is the best, and the same value always has the same
-- score. recency: days from the last order to the end of the window; frequency: orders; monetary: net of the
-- window, as in the sales by customer. A customer who is worse than x of n has a score of at least s if x <
-- (6 - s) * n / 5, so the place (6 - s) * n / 5, rounded up, has the least value that is worth s.
create function rfm(first timestamp, last timestamp, zone text, of_currency text)
returns table (customer text, last_day date, days int, orders bigint, net bigint, recency int, frequency int, monetary int)
language sql stable as $$
    with piece as (
        select r.key, r.orders, r.gross - r.discount - r.refunds as net, r.latest
        from window_slots(first, last, array['year', 'quarter', 'month'], zone) s, lateral (select * from sales_rollup
            where dimension = 'buyer' and grain = s.grain and start = s.start and currency = of_currency and channel = '' offset 0) r
        union all
        select r.key, r.orders, r.gross - r.discount - r.refunds, case when r.orders > 0 then (r.start at time zone zone)::date end
        from window_spans(first, last, array['month', 'day']) s join sales_rollup r on r.dimension = 'customer' and r.grain = 'day'
            and r.start >= s.since at time zone zone and r.start < s.until at time zone zone and r.currency = of_currency and r.key <> '-'
        where s.grain = 'day'
    ), sum as materialized (
        select key, sum(orders)::bigint as orders, sum(net)::bigint as net, max(latest) as last_day
        from piece group by key having sum(orders) > 0
    ), sorted as (
        select count(*)::int as n, array_agg(last_day order by last_day desc) as last_day, array_agg(orders order by orders desc) as orders,
            array_agg(net order by net desc) as net
        from sum
    ), fifth as materialized (
        select s, last_day[place] as last_day, orders[place] as orders, net[place] as net
        from sorted, generate_series(2, 5) s, lateral (select ((6 - s) * n + 4) / 5 as place) p
    ), least as materialized (
        select array_agg(last_day order by s) as last_day, array_agg(orders order by s) as orders, array_agg(net order by s) as net from fifth
    )
    select s.key, s.last_day, last::date - 1 - s.last_day, s.orders, s.net, 1 + width_bucket(s.last_day, l.last_day),
        1 + width_bucket(s.orders, l.orders), 1 + width_bucket(s.net, l.net)
    from sum s, least l
$$;

create function rfm_segment(recency int, frequency int, monetary int) returns text language sql immutable as $$
    select case
        when recency >= 4 and frequency >= 4 and monetary >= 4 then 'champions'
        when recency >= 3 and frequency >= 4 then 'loyal'
        when recency >= 4 then 'promising'
        when recency = 3 then 'steady'
        when frequency >= 4 or monetary >= 4 then 'at_risk'
        else 'lost' end
$$;
