-- The sums of each dimension by themselves: those of a window then lie close together, not among millions of others.
-- 'buyer' is new: customers over all channels (channel ''), by month, quarter and year, so that scores and cohorts come from a
-- few rows a customer. `latest` is the day of their last order in such a row that is a sale; other rows have none.
alter table sales_rollup rename to sales_rollup_before;
alter index sales_rollup_pkey rename to sales_rollup_before_pkey;
drop index sales_rollup_product_day;

create table sales_rollup (
    dimension text not null,
    grain     text not null,
    start     timestamptz not null,
    currency  text not null,
    channel   text not null,
    key       text not null,
    orders    bigint not null,
    units     bigint not null,
    gross     bigint not null,
    discount  bigint not null,
    refunds   bigint not null,
    refunded  bigint not null,
    latest    date,
    primary key (dimension, grain, start, currency, channel, key)
) partition by list (dimension);
create table sales_rollup_all partition of sales_rollup for values in ('all') with (fillfactor = 70);
create table sales_rollup_article partition of sales_rollup for values in ('article') with (fillfactor = 70);
create table sales_rollup_buyer partition of sales_rollup for values in ('buyer') partition by list (grain);
create table sales_rollup_buyer_month partition of sales_rollup_buyer for values in ('month') with (fillfactor = 70);
create table sales_rollup_buyer_quarter partition of sales_rollup_buyer for values in ('quarter') with (fillfactor = 70);
create table sales_rollup_buyer_year partition of sales_rollup_buyer for values in ('year') with (fillfactor = 70);
create table sales_rollup_country partition of sales_rollup for values in ('country') with (fillfactor = 70);
create table sales_rollup_customer partition of sales_rollup for values in ('customer') with (fillfactor = 70);
create table sales_rollup_product partition of sales_rollup for values in ('product') with (fillfactor = 70);

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

insert into sales_rollup select * from sales_rollup_before order by start;

insert into sales_rollup (dimension, grain, start, currency, channel, key, orders, units, gross, discount, refunds, refunded, latest)
select 'buyer', g.grain, date_trunc(g.grain, r.start, f.zone), r.currency, '', r.key, sum(r.orders), sum(r.units), sum(r.gross),
    sum(r.discount), sum(r.refunds), sum(r.refunded), (max(r.start) filter (where r.orders > 0) at time zone f.zone)::date
from sales_rollup_before r, figures f, (values ('month'), ('quarter'), ('year')) g(grain)
where r.dimension = 'customer' and r.grain = 'day' and r.key <> '-'
group by f.zone, 2, 3, 4, 6 order by 3;
drop table sales_rollup_before;

-- The days of one article and the months of one customer, without reading those of all others.
create index sales_rollup_product_day on sales_rollup_product (key, start) where grain = 'day';
create index sales_rollup_month_of_buyer on sales_rollup_buyer_month (key, start);

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

-- The sums of the whole months of a window, added (1) and taken away (-1): most of a year is the year without the rest.
create function window_cover(first timestamp, last timestamp, grains text[], zone text)
returns table (grain text, start timestamptz, sign int) language plpgsql stable rows 8 as $$
declare
    low timestamp := date_trunc('month', first + interval '1 month' - interval '1 microsecond');
    high timestamp := date_trunc('month', last);
    year timestamp;
    since timestamp;
    until timestamp;
begin
    for year in select generate_series(date_trunc('year', low), high - interval '1 day', interval '1 year') loop
        since := greatest(low, year);
        until := least(high, year + interval '1 year');
        if grains[1] = 'year' and until - since > interval '200 days' then
            return query select 'year', year at time zone zone, 1;
            return query select s.grain, s.start, -1 from window_slots(year, since, grains[2:], zone) s;
            return query select s.grain, s.start, -1 from window_slots(until, year + interval '1 year', grains[2:], zone) s;
        else
            return query select s.grain, s.start, 1 from window_slots(since, until, grains, zone) s;
        end if;
    end loop;
end $$;

-- Customers with sales in a window, ranked by fifths as before, but read from the fewest rows, and scored by where the fifths
-- begin: whom x of n are better than has a score of at least s when x < (6 - s) * n / 5, so the place (6 - s) * n / 5, rounded
-- up, has the least value that is still worth s.
drop function rfm(timestamp, timestamp, text, text);
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

create or replace function rfm_segment(recency int, frequency int, monetary int) returns text language sql immutable as $$
    select rfm_segment(recency::bigint, frequency::bigint, monetary::bigint)
$$;
