-- Orders as they were placed, and when they took which step. `hour` is the beginning of the hour in the
-- shop's time zone, `entered_at` the time of the event (placed_at may be much earlier). void: cancelled
-- before anything was paid, so never a sale.
create table fact_order (
    order_id     uuid primary key,
    event_id     uuid not null,
    number       text not null,
    channel      text not null,
    currency     text not null,
    country      text not null,
    customer     text not null,
    placed_at    timestamptz not null,
    entered_at   timestamptz not null,
    hour         timestamptz not null,
    units        bigint not null,
    gross        bigint not null,
    discount     bigint not null,
    confirmed_at timestamptz,
    shipped_at   timestamptz,
    delivered_at timestamptz,
    cancelled_at timestamptz,
    void         boolean not null default false
);
create index fact_order_hour on fact_order (hour, event_id);
create index fact_order_customer on fact_order (customer, hour);

create table fact_line (
    order_id   uuid not null,
    line       int not null,
    sku        text not null,
    quantity   bigint not null,
    unit_price bigint not null,
    hour       timestamptz not null,
    primary key (order_id, line)
);

-- state: waiting (its order is not known yet), counted, void (its order is no sale, so its money is no
-- refund).
create table fact_refund (
    refund_id    uuid primary key,
    event_id     uuid not null,
    order_id     uuid not null,
    order_number text,
    currency     text not null,
    amount       bigint not null,
    refunded_at  timestamptz not null,
    hour         timestamptz not null,
    state        text not null default 'waiting',
    kind         text not null default '-',
    reason       text not null default '-'
);
create index fact_refund_order on fact_refund (order_id);
create index fact_refund_hour on fact_refund (hour, event_id);
create index fact_refund_waiting on fact_refund (order_id) where state = 'waiting';

-- Sums of the facts, kept with every change. dimension: all, country, product, customer, article (products
-- over all channels), buyer (customers over all channels); grain: hour to year; start: when that begins, in
-- the shop's time zone. refunds are those paid in that time, refunded those, whenever paid, of the orders
-- placed in that time. `latest` is the day of a buyer's last order in such a row that is a sale. Every writer
-- takes the rows in the same order, so that writers cannot deadlock. Each dimension, and each grain of the
-- large ones, is a partition, so that the sums of a window lie close together; what tells the rows of a grain
-- apart comes first in the key.
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
    latest    date
) partition by list (dimension);
create table sales_rollup_all partition of sales_rollup for values in ('all') partition by list (grain);
create table sales_rollup_all_hour partition of sales_rollup_all for values in ('hour') with (fillfactor = 70);
create table sales_rollup_all_day partition of sales_rollup_all for values in ('day') with (fillfactor = 70);
create table sales_rollup_article partition of sales_rollup for values in ('article') partition by list (grain);
create table sales_rollup_article_month partition of sales_rollup_article for values in ('month') with (fillfactor = 70);
create table sales_rollup_article_quarter partition of sales_rollup_article for values in ('quarter') with (fillfactor = 70);
create table sales_rollup_article_year partition of sales_rollup_article for values in ('year') with (fillfactor = 70);
create table sales_rollup_buyer partition of sales_rollup for values in ('buyer') partition by list (grain);
create table sales_rollup_buyer_month partition of sales_rollup_buyer for values in ('month') with (fillfactor = 70);
create table sales_rollup_buyer_quarter partition of sales_rollup_buyer for values in ('quarter') with (fillfactor = 70);
create table sales_rollup_buyer_year partition of sales_rollup_buyer for values in ('year') with (fillfactor = 70);
create table sales_rollup_country partition of sales_rollup for values in ('country') with (fillfactor = 70);
create table sales_rollup_customer partition of sales_rollup for values in ('customer') partition by list (grain);
create table sales_rollup_customer_day partition of sales_rollup_customer for values in ('day') with (fillfactor = 70);
create table sales_rollup_customer_month partition of sales_rollup_customer for values in ('month') with (fillfactor = 70);
create table sales_rollup_product partition of sales_rollup for values in ('product') partition by list (grain);
create table sales_rollup_product_day partition of sales_rollup_product for values in ('day') with (fillfactor = 70);
create table sales_rollup_product_month partition of sales_rollup_product for values in ('month') with (fillfactor = 70);
alter table sales_rollup add primary key (start, key, currency, channel, grain, dimension);

-- The days of one article and the months of one customer.
create index sales_rollup_product_day_key on sales_rollup_product_day (key, start);
create index sales_rollup_buyer_month_key on sales_rollup_buyer_month (key, start);

-- The rows of sales_rollup that an order or refund of this hour belongs to.
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

-- The same for a line of an order.
create function article_slots(hour timestamptz, zone text, channel text)
returns table (dimension text, grain text, start timestamptz, channel_of text) language sql stable as $$
    values ('article', 'month', date_trunc('month', hour, zone), ''),
        ('article', 'quarter', date_trunc('quarter', hour, zone), ''),
        ('article', 'year', date_trunc('year', hour, zone), ''),
        ('product', 'day', date_trunc('day', hour, zone), channel),
        ('product', 'month', date_trunc('month', hour, zone), channel)
$$;

-- The number in a line's text if it can be counted, else null.
create function possible_quantity(value text) returns bigint language sql immutable as $$
    select case when value ~ '^[1-9][0-9]{0,8}$' then value::bigint end
$$;

create function possible_price(value text) returns bigint language sql immutable as $$
    select case when value ~ '^[0-9]{1,15}$' then value::bigint end
$$;

-- What is impossible in an order, from what its lines add up to: all reasons at once, none for a good order.
create function order_faults(lines bigint, skus boolean, quantities boolean, prices boolean, gross numeric, discount bigint,
    placed_at timestamptz, entered_at timestamptz) returns text[] language sql stable as $$
    select array_remove(array[
        case when lines = 0 then 'order.no_lines' end,
        case when not skus then 'line.sku' end,
        case when not quantities then 'line.quantity' end,
        case when not prices then 'line.unit_price' end,
        case when gross > 1000000000000000 then 'order.gross' end,
        case when discount < 0 or (discount > gross and quantities and prices) then 'order.discount' end,
        case when placed_at > entered_at + interval '1 day' or placed_at < timestamptz '1990-01-01Z' then 'order.placed_at' end],
        null)
$$;

create function order_faults(data json, entered_at timestamptz) returns text[] language sql stable as $$
    with line as (
        select l.sku, possible_quantity(l.quantity) as quantity, possible_price(l.unit_price) as unit_price
        from json_to_recordset(case json_typeof(data->'lines') when 'array' then data->'lines' else '[]' end)
            as l(sku text, quantity text, unit_price text)
    )
    select order_faults(count(*), bool_and(coalesce(sku, '') <> ''), bool_and(quantity is not null), bool_and(unit_price is not null),
        coalesce(sum(quantity::numeric * unit_price), 0), coalesce((data->>'discount')::bigint, 0), (data->>'placed_at')::timestamptz,
        entered_at)
    from line
$$;

create function refund_faults(data json, received_at timestamptz) returns text[] language sql stable as $$
    select array_remove(array[
        case when (data->>'amount')::numeric not between 1 and 1000000000000000 then 'refund.amount' end,
        case when (data->>'refunded_at')::timestamptz > received_at + interval '1 day'
            or (data->>'refunded_at')::timestamptz < timestamptz '1990-01-01Z' then 'refund.refunded_at' end], null)
$$;

-- The only currency of a time span, else the shop's own.
create function sales_currency(since timestamptz, until timestamptz, home text) returns text language sql stable as $$
    select case when count(distinct currency) = 1 then min(currency) else home end
    from sales_rollup where dimension = 'all' and grain = 'day' and start >= since and start < until
$$;
