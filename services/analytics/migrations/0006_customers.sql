-- The hour of every customer's first order that is a sale: who is new, and which cohort one belongs to. Guests are nobody.
create table customer (
    customer text primary key,
    since    timestamptz not null
);
create index customer_since on customer (since, customer);

insert into customer (customer, since)
select customer, min(hour) from fact_order where not void and customer <> '-' group by customer;

-- Customers with sales in a window, ranked by fifths: 5 is the best, the same value always has the same score. recency: days from
-- the last order's day to the window's last; frequency: orders; monetary: net of the window, as in the sales by customer.
create function rfm(first timestamp, last timestamp, zone text, of_currency text)
returns table (customer text, last_day date, days int, orders numeric, net numeric, recency bigint, frequency bigint, monetary bigint)
language sql stable as $$
    with sum as materialized (
        select r.key as customer, sum(r.orders) as orders, sum(r.gross - r.discount - r.refunds) as net
        from window_spans(first, last, array['month', 'day']) s join sales_rollup r on r.dimension = 'customer' and r.grain = s.grain
            and r.start >= s.since at time zone zone and r.start < s.until at time zone zone
        where r.currency = of_currency and r.key <> '-'
        group by r.key having sum(r.orders) > 0
    ), met as (
        select s.*, (l.hour at time zone zone)::date as last_day, last::date - 1 - (l.hour at time zone zone)::date as days
        from sum s, lateral (select o.hour from fact_order o where o.customer = s.customer and o.hour < last at time zone zone
            and o.currency = of_currency and not o.void order by o.hour desc limit 1) l
    )
    select m.customer, m.last_day, m.days, m.orders, m.net,
        5 - (rank() over (order by m.days) - 1) * 5 / count(*) over (),
        5 - (rank() over (order by m.orders desc) - 1) * 5 / count(*) over (),
        5 - (rank() over (order by m.net desc) - 1) * 5 / count(*) over ()
    from met m
$$;

create function rfm_segment(recency bigint, frequency bigint, monetary bigint) returns text language sql immutable as $$
    select case
        when recency >= 4 and frequency >= 4 and monetary >= 4 then 'champions'
        when recency >= 3 and frequency >= 4 then 'loyal'
        when recency >= 4 then 'promising'
        when recency = 3 then 'steady'
        when frequency >= 4 or monetary >= 4 then 'at_risk'
        else 'lost' end
$$;
