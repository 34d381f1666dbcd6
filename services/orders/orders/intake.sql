-- Everything that is needed to check an order, one row for each line, in one round trip. The limit keeps PostgreSQL,
-- which takes the array for ten SKUs, from walking through the price list for a thousand.
-- name: intake_look(channel, channel_ref, placed_at, skus) :rows batched known bool, sellable bool, stocked bool, price int, currency, title, kind, early bool, order_id, intake
select p.sku is not null, coalesce(p.sellable, false), coalesce(p.stocked, false), coalesce(p.price, 0), p.currency, p.title,
    coalesce(c.kind, 'own'), coalesce(:placed_at::timestamptz > now() + interval '5 minutes', false), o.id, o.request_digest, :batch_row
from :batch
cross join unnest(:skus::text[]) with ordinality as l (sku, place)
left join lateral (select * from price where sku = l.sku limit 1) p on true
left join channel c on c.name = :channel
left join orders o on o.channel = :channel and o.channel_ref = :channel_ref
order by l.place;

-- name: order_insert(id, channel, channel_ref, intake, currency, customer_ref, ship_country, stock_status, stocked_units int, gross int, paid int, allow_partial bool, flags, personal, placed_at) :exec batched
insert into orders (id, channel, channel_ref, request_digest, currency, customer_ref, ship_country, stock_status, stocked_units, gross,
    total, paid, allow_partial, flags, personal, placed_at)
select :id::uuid, :channel, :channel_ref, :intake, :currency, :customer_ref, :ship_country, :stock_status,
    :stocked_units::bigint, :gross::bigint, :gross::bigint, :paid::bigint, :allow_partial::boolean, :flags::text[],
    :personal::json, coalesce(:placed_at::timestamptz, now())
from :batch;

-- name: lines_insert(id, lines) :exec batched
insert into order_line (order_id, line, sku, title, quantity, unit_price, list_price, stocked)
select :id::uuid, l.line, l.sku, l.title, l.quantity, l.unit_price, l.list_price, l.stocked
from :batch
cross join json_to_recordset(:lines::json) as l(line int, sku text, title text, quantity bigint, unit_price bigint,
    list_price bigint, stocked boolean);

-- name: order_by_ref(channel, channel_ref) :row id, number, digest
select id, number, request_digest from orders where channel = :channel and channel_ref = :channel_ref;

-- name: payment_insert(id, method, amount int, reference, actor) :exec batched
insert into payment (order_id, method, amount, reference, actor)
select :id::uuid, :method, :amount::bigint, :reference, :actor from :batch;
