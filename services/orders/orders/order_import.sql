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

-- Orders are always locked in the order of their ids.
-- name: import_refunds_lock(refunds) :exec
select from orders where id in (
    select o.id from json_to_recordset(:refunds::json) as e(i int, doc json)
    join orders o on o.channel = e.doc ->> 'channel' and o.channel_ref = e.doc ->> 'channel_ref')
order by id for update;

-- One row for each line of a refund, one for a refund without lines.
-- name: import_refunds_look(refunds) :rows i int, order_id, open int, early bool, known int, sku, quantity int, ordered int, refunded int
select e.i, o.id, coalesce(o.paid - o.refunded, 0),
    coalesce((e.doc ->> 'refunded_at')::timestamptz > now() + interval '5 minutes', false), coalesce(r.amount, 0),
    l.sku, coalesce(l.quantity, 0),
    coalesce((select sum(quantity) from order_line where order_id = o.id and sku = l.sku), 0),
    coalesce((select sum(quantity) from refund_line where order_id = o.id and sku = l.sku), 0)
from json_to_recordset(:refunds::json) as e(i int, doc json)
left join orders o on o.channel = e.doc ->> 'channel' and o.channel_ref = e.doc ->> 'channel_ref'
left join refund r on r.order_id = o.id and r.reference = e.doc ->> 'reference'
left join lateral rows from (json_to_recordset(coalesce(e.doc -> 'lines', '[]')) as (sku text, quantity bigint))
    with ordinality as l(sku, quantity, place) on true
order by e.i, l.place;

-- A list of {"id", "order_id", "doc"}.
-- name: import_refunds_insert(refunds, actor) :row order_ids
with given as materialized (
    select g.id, g.order_id, g.doc, d.amount, d.reason, d.reference, d.refunded_at
    from json_to_recordset(:refunds::json) as g(id uuid, order_id uuid, doc json),
        json_to_record(g.doc) as d(amount bigint, reason text, reference text, refunded_at timestamptz)
), made as (
    insert into refund (id, order_id, kind, amount, reason, reference, actor, refunded_at)
    select id, order_id, 'by_hand', amount, reason, reference, :actor, coalesce(refunded_at, now()) from given
), units as (
    insert into refund_line (refund_id, line, order_id, sku, quantity)
    select g.id, l.line, g.order_id, l.sku, l.quantity
    from given g cross join lateral rows from (json_to_recordset(coalesce(g.doc -> 'lines', '[]')) as (sku text, quantity bigint))
        with ordinality as l(sku, quantity, line)
), moved as (
    update orders o set refunded = o.refunded + s.amount
    from (select order_id, sum(amount) as amount from given group by order_id) s where o.id = s.order_id
)
select array_agg(distinct order_id)::text from given;
