-- The unreserved stock of each row's SKU in its warehouse, and whether its movement is booked already.
-- name: import_stock_look(movements) :rows i int, found bool, stocked bool, available int, known bool
select e.i, v.sku is not null, coalesce(v.stocked, false), coalesce(s.on_hand - s.reserved, 0),
    exists (select from stock_movement m where m.sku = d.sku and m.warehouse = d.warehouse and m.reference = d.reference
        and m.quantity = d.quantity)
from json_to_recordset(:movements::json) as e(i int, doc json)
cross join lateral json_to_record(e.doc) as d(sku text, warehouse text, quantity bigint, reference text)
left join variant v on v.sku = d.sku
left join stock s on s.sku = d.sku and s.warehouse = d.warehouse
order by e.i;

-- movements is a list of {"id", "doc"}. Levels come first, because a movement refers to one.
-- name: import_stock_levels(movements) :exec
insert into stock (sku, warehouse, on_hand)
select g.doc ->> 'sku', g.doc ->> 'warehouse', 0 from json_to_recordset(:movements::json) as g(id uuid, doc json)
group by 1, 2 order by 1, 2
on conflict do nothing;

-- name: import_stock_insert(movements, actor) :row ids
with given as materialized (
    select g.id, d.* from json_to_recordset(:movements::json) as g(id uuid, doc json),
        json_to_record(g.doc) as d(sku text, warehouse text, quantity bigint, reason text, reference text)
), levels as (
    update stock s set on_hand = s.on_hand + m.quantity
    from (select sku, warehouse, sum(quantity) as quantity from given group by sku, warehouse) m
    where s.sku = m.sku and s.warehouse = m.warehouse
), made as (
    insert into stock_movement (id, sku, warehouse, quantity, reason, reference, actor)
    select id, sku, warehouse, quantity, reason, reference, :actor from given
)
select array_agg(id)::text from given;
