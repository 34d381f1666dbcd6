-- Many orders at once: a list of {"i", "doc"}, i being the order's place in the batch. One row for each line.
-- name: import_orders_look(orders) :rows i int, known bool, sellable bool, stocked bool, price int, currency, title, kind, early bool, order_id, intake
with asked as materialized (
    select e.i, d.channel, d.channel_ref, d.placed_at, d.lines
    from json_to_recordset(:orders::json) as e(i int, doc json),
        json_to_record(e.doc) as d(channel text, channel_ref text, placed_at timestamptz, lines json)
)
select a.i, p.sku is not null, coalesce(p.sellable, false), coalesce(p.stocked, false), coalesce(p.price, 0), p.currency, p.title,
    coalesce(c.kind, 'own'), coalesce(a.placed_at > now() + interval '5 minutes', false), o.id, o.intake
from asked a
cross join lateral rows from (json_to_recordset(a.lines) as (sku text)) with ordinality as l (sku, place)
left join price p on p.sku = l.sku
left join channel c on c.name = a.channel
left join orders o on o.channel = a.channel and o.channel_ref = a.channel_ref
order by a.i, l.place;

-- History is closed: delivered, paid in full, its stock taken long ago.
-- name: import_orders_insert(orders, actor) :exec
with given as materialized (
    select * from json_to_recordset(:orders::json) as o(id uuid, channel text, channel_ref text, intake text, currency text,
        customer_ref text, country text, stocked bigint, gross bigint, paid bigint, allow_partial boolean, flags text, personal json,
        placed_at timestamptz, history boolean, method text, reference text, lines json)
), made as (
    insert into orders (id, channel, channel_ref, intake, currency, customer_ref, ship_country, status, stock_status, stocked_units,
        gross, total, paid, allow_partial, flags, personal, placed_at)
    select id, channel, channel_ref, intake, currency, customer_ref, country, case when history then 'delivered' else 'placed' end,
        case when history then 'taken' when stocked > 0 then 'pending' else 'reserved' end, stocked, gross, gross, paid,
        allow_partial, flags::text[], personal, coalesce(placed_at, now())
    from given
), paid as (
    insert into payment (order_id, method, amount, reference, actor, paid_at)
    select id, method, paid, reference, :actor, case when history then coalesce(placed_at, now()) else now() end
    from given where paid > 0
)
insert into order_line (order_id, line, sku, title, quantity, unit_price, list_price, stocked)
select g.id, l.line, l.sku, l.title, l.quantity, l.unit_price, l.list_price, l.stocked
from given g cross join lateral json_to_recordset(g.lines) as l(line int, sku text, title text, quantity bigint, unit_price bigint,
    list_price bigint, stocked boolean);
