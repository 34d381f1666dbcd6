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
