-- Orders as they were placed, and when they took which step. `hour` is the beginning of the hour in the shop's time
-- zone, `entered_at` when the order reached us (placed_at may lie far back). void: cancelled before any money came, so
-- never a sale.
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
create index fact_line_sku on fact_line (sku, hour, order_id);

-- state: waiting (its order is not known yet), counted, void (its order is no sale, so its money is no refund).
create table fact_refund (
    refund_id    uuid primary key,
    event_id     uuid not null,
    order_id     uuid not null,
    order_number text,
    currency     text not null,
    amount       bigint not null,
    refunded_at  timestamptz not null,
    hour         timestamptz not null,
    state        text not null default 'waiting'
);
create index fact_refund_order on fact_refund (order_id);
create index fact_refund_hour on fact_refund (hour, event_id);
create index fact_refund_waiting on fact_refund (order_id) where state = 'waiting';

-- Sums of the facts, kept with every change. dimension: all, country, product, customer; grain: hour, day, month;
-- start: when that began, in the shop's time zone. refunds are those paid then, refunded what came back, whenever, of
-- the orders placed then. Every writer takes rows in the order of the key, so that writers cannot lock each other out.
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
    primary key (dimension, grain, start, currency, channel, key)
) with (fillfactor = 70);

-- Which rows of sales_rollup an order or refund of this hour belongs to; products come by line.
create function sales_slots(hour timestamptz, zone text, country text, customer text)
returns table (dimension text, grain text, start timestamptz, key text) language sql stable as $$
    values ('all', 'hour', hour, ''),
        ('all', 'day', date_trunc('day', hour, zone), ''),
        ('country', 'day', date_trunc('day', hour, zone), country),
        ('customer', 'day', date_trunc('day', hour, zone), customer),
        ('customer', 'month', date_trunc('month', hour, zone), customer)
$$;

create function product_slots(hour timestamptz, zone text) returns table (grain text, start timestamptz) language sql stable as $$
    values ('day', date_trunc('day', hour, zone)), ('month', date_trunc('month', hour, zone))
$$;

-- What is impossible in an order: every reason at once, none for a good one.
create function order_faults(data json, entered_at timestamptz) returns text[] language sql stable as $$
    with line as (
        select coalesce(l.sku, '') <> '' as has_sku, coalesce(l.quantity ~ '^[1-9][0-9]{0,8}$', false) as has_quantity,
            coalesce(l.unit_price ~ '^[0-9]{1,15}$', false) as has_price, l.quantity, l.unit_price
        from json_to_recordset(case json_typeof(data->'lines') when 'array' then data->'lines' else '[]' end)
            as l(sku text, quantity text, unit_price text)
    ), whole as (
        select count(*) as lines, bool_and(has_sku) as skus, bool_and(has_quantity) as quantities, bool_and(has_price) as prices,
            coalesce(sum(case when has_quantity and has_price then quantity::numeric * unit_price::numeric end), 0) as gross,
            coalesce((data->>'discount')::numeric, 0) as discount, (data->>'placed_at')::timestamptz as placed_at
        from line
    )
    select array_remove(array[
        case when lines = 0 then 'order.no_lines' end,
        case when not skus then 'line.sku' end,
        case when not quantities then 'line.quantity' end,
        case when not prices then 'line.unit_price' end,
        case when gross > 1000000000000000 then 'order.gross' end,
        case when discount < 0 or (discount > gross and quantities and prices) then 'order.discount' end,
        case when placed_at > entered_at + interval '1 day' or placed_at < timestamptz '1990-01-01Z' then 'order.placed_at' end],
        null)
    from whole
$$;

create function refund_faults(data json, heard_at timestamptz) returns text[] language sql stable as $$
    select array_remove(array[
        case when (data->>'amount')::numeric not between 1 and 1000000000000000 then 'refund.amount' end,
        case when (data->>'refunded_at')::timestamptz > heard_at + interval '1 day'
            or (data->>'refunded_at')::timestamptz < timestamptz '1990-01-01Z' then 'refund.refunded_at' end], null)
$$;

-- The names of what is sold, as catalog last told them.
create table sku (
    sku        text primary key,
    product_id uuid not null,
    title      text not null,
    category   text,
    said_at    timestamptz not null
);

-- --- reading ---------------------------------------------------------------------------------------------------

create function shop_zone(otherwise text) returns text language sql stable as $$
    select coalesce((select zone from figures), otherwise)
$$;

-- The only currency of a time span, else the shop's own.
create function sales_currency(since timestamptz, until timestamptz, home text) returns text language sql stable as $$
    select case when count(distinct currency) = 1 then min(currency) else home end
    from sales_rollup where dimension = 'all' and grain = 'day' and start >= since and start < until
$$;

-- Minor units by number, rounded half up; null without a number.
create function half_up(amount numeric, number numeric) returns bigint language sql immutable as $$
    select floor((2 * amount + number) / (2 * nullif(number, 0)))::bigint
$$;

create function with_offset(t timestamptz, zone text) returns text language sql stable as $$
    select to_char(t at time zone zone, 'YYYY-MM-DD"T"HH24:MI:SS') || case when minutes < 0 then '-' else '+' end
        || to_char(abs(minutes) / 60, 'FM00') || ':' || to_char(abs(minutes) % 60, 'FM00')
    from (select (extract(epoch from (t at time zone zone) - (t at time zone 'UTC')) / 60)::int as minutes) o
$$;

create function sales_key(cut text, start timestamptz, channel text, key text, zone text) returns text language sql stable as $$
    select case cut
        when 'hour' then with_offset(start, zone)
        when 'day' then to_char(start at time zone zone, 'YYYY-MM-DD')
        when 'week' then to_char(start at time zone zone, 'IYYY"-W"IW')
        when 'month' then to_char(start at time zone zone, 'YYYY-MM')
        when 'channel' then channel
        else key end
$$;

-- The time that one key of a cut by time stands for; without end where the cut is not by time.
create function key_span(cut text, key text, zone text, out since timestamptz, out until timestamptz) language sql stable as $$
    select case cut when 'hour' then key::timestamptz else day at time zone zone end,
        case cut when 'hour' then key::timestamptz + interval '1 hour' else (day + length) at time zone zone end
    from (select case cut
                when 'day' then key::timestamp
                when 'week' then to_timestamp(key, 'IYYY"-W"IW')::timestamp
                when 'month' then (key || '-01')::timestamp end as day,
            case cut when 'day' then interval '1 day' when 'week' then interval '7 days' when 'month' then interval '1 month' end
                as length) k
    where cut in ('hour', 'day', 'week', 'month') and key is not null
    union all select '-infinity', 'infinity' where key is null or cut not in ('hour', 'day', 'week', 'month')
$$;
