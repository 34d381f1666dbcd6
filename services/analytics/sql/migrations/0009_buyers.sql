-- Customers over all channels ('buyer', channel ''), by month, quarter and year, so that scores and cohorts come from a few rows
-- a customer. `latest` is the hour of their last order in such a row that is a sale; other rows have none.
alter table sales_rollup add column latest timestamptz;

drop function sales_slots(timestamptz, text, text, text);
create function sales_slots(hour timestamptz, zone text, country text, customer text, channel text)
returns table (dimension text, grain text, start timestamptz, channel_of text, key text) language sql stable as $$
    select * from (values ('all', 'hour', hour, channel, ''),
        ('all', 'day', date_trunc('day', hour, zone), channel, ''),
        ('buyer', 'month', date_trunc('month', hour, zone), '', customer),
        ('buyer', 'quarter', date_trunc('quarter', hour, zone), '', customer),
        ('buyer', 'year', date_trunc('year', hour, zone), '', customer),
        ('country', 'day', date_trunc('day', hour, zone), channel, country),
        ('customer', 'day', date_trunc('day', hour, zone), channel, customer),
        ('customer', 'month', date_trunc('month', hour, zone), channel, customer)) v(dimension, grain, start, channel_of, key)
    where v.dimension <> 'buyer' or customer <> '-'
$$;

-- Until when a row of this grain counts.
create function grain_end(grain text, start timestamptz, zone text) returns timestamptz language sql stable as $$
    select (start at time zone zone + case grain when 'quarter' then interval '3 months' else ('1 ' || grain)::interval end) at time zone zone
$$;

insert into sales_rollup (dimension, grain, start, currency, channel, key, orders, units, gross, discount, refunds, refunded)
select 'buyer', g.grain, date_trunc(g.grain, r.start, f.zone), r.currency, '', r.key, sum(r.orders), sum(r.units), sum(r.gross),
    sum(r.discount), sum(r.refunds), sum(r.refunded)
from sales_rollup r, figures f, (values ('month'), ('quarter'), ('year')) g(grain)
where r.dimension = 'customer' and r.grain = 'month' and r.key <> '-'
group by 2, 3, 4, 6;

update sales_rollup r set latest = l.hour
from (select s.grain, s.start, o.currency, o.customer, max(o.hour) as hour
    from figures f, fact_order o, sales_slots(o.hour, f.zone, o.country, o.customer, o.channel) s
    where s.dimension = 'buyer' and not o.void group by 1, 2, 3, 4) l
where (r.dimension, r.grain, r.start, r.currency, r.channel, r.key) = ('buyer', l.grain, l.start, l.currency, '', l.customer);

-- The months of one customer, without reading those of all others.
create index sales_rollup_buyer_month on sales_rollup (key, start) where dimension = 'buyer' and grain = 'month';

-- In which months the customers of a cohort (whose first order was in that month) bought, and the counts of it: what is
-- counted of a customer is told by cohort_member, so that it can be taken back.
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

insert into cohort_member (customer, start, cohort, orders)
select c.customer, r.start, date_trunc('month', c.since, f.zone), sum(r.orders)
from figures f, customer c join sales_rollup r on r.dimension = 'buyer' and r.grain = 'month' and r.key = c.customer
where r.orders > 0 group by 1, 2, 3;

insert into cohort_rollup (cohort, start, customers, orders) select cohort, start, count(*), sum(orders) from cohort_member group by 1, 2;

-- As before, read from the fewest rows, and scored by where the fifths begin: who is better than x of n has a score of at
-- least s when x < (6 - s) * n / 5, so the place (6 - s) * n / 5, rounded up, has the least value that is still worth s.
create or replace function rfm(first timestamp, last timestamp, zone text, of_currency text)
returns table (customer text, last_day date, days int, orders numeric, net numeric, recency bigint, frequency bigint, monetary bigint)
language sql stable as $$
    with piece as (
        select r.key, r.orders, r.gross - r.discount - r.refunds as net, r.latest
        from window_slots(first, last, array['year', 'quarter', 'month'], zone) s join sales_rollup r
            on r.dimension = 'buyer' and r.grain = s.grain and r.start = s.start and r.currency = of_currency and r.channel = ''
        union all
        select r.key, r.orders, r.gross - r.discount - r.refunds, case when r.orders > 0 then r.start end
        from window_spans(first, last, array['month', 'day']) s join sales_rollup r on r.dimension = 'customer' and r.grain = 'day'
            and r.start >= s.since at time zone zone and r.start < s.until at time zone zone and r.currency = of_currency and r.key <> '-'
        where s.grain = 'day'
    ), sum as materialized (
        select key, sum(orders)::bigint as orders, sum(net)::bigint as net, (max(latest) at time zone zone)::date as last_day
        from piece group by key having sum(orders) > 0
    ), sorted as (
        select count(*)::int as n, array_agg(last_day order by last_day desc) as last_day, array_agg(orders order by orders desc) as orders,
            array_agg(net order by net desc) as net
        from sum
    ), fifth as materialized (
        select s, last_day[place] as last_day, orders[place] as orders, net[place] as net
        from sorted, generate_series(2, 5) s, lateral (select ((6 - s) * n + 4) / 5 as place) p
    ), least as materialized (
        select array_agg(last_day order by s) as d, array_agg(orders order by s) as o, array_agg(net order by s) as m from fifth
    )
    select s.key, s.last_day, last::date - 1 - s.last_day, s.orders::numeric, s.net::numeric,
        1 + (s.last_day >= d[1])::int::bigint + (s.last_day >= d[2])::int + (s.last_day >= d[3])::int + (s.last_day >= d[4])::int,
        1 + (s.orders >= o[1])::int::bigint + (s.orders >= o[2])::int + (s.orders >= o[3])::int + (s.orders >= o[4])::int,
        1 + (s.net >= m[1])::int::bigint + (s.net >= m[2])::int + (s.net >= m[3])::int + (s.net >= m[4])::int
    from sum s, least
$$;
