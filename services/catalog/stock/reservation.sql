-- Lists of SKUs and of grants are JSON, lists of orders and of reservations are arrays of uuid; null stands for none.
-- PostgreSQL estimates 100 rows for a JSON list and 10,000 for two that are joined, for which it prefers to scan a table of a
-- million rows to looking some up. `= any(array(select …))` and `lateral (… limit 1)` keep it on the index (test_plans.py).

-- Insert new reservations with their lines and cells, and reserve the stock.
-- name: reservation_place(reservations, lines, grants) :exec
with placed as (
    insert into reservation (id, order_id, order_number, allow_partial, status)
    select id, order_id, number, allow_partial, status
    from rows from (json_to_recordset(:reservations::json) as (id uuid, order_id uuid, number text, allow_partial boolean, status text))
        with ordinality as r(id, order_id, number, allow_partial, status, place)
    order by place
    returning id, arrived, status
), cells as (
    insert into reservation_cell (reservation_id, sku, warehouse, quantity)
    select id, sku, warehouse, quantity from json_to_recordset(:grants::json) as g(id uuid, sku text, warehouse text, quantity bigint)
    returning sku, warehouse, quantity
), levels as (
    update stock s set reserved = s.reserved + c.quantity
    from (select sku, warehouse, sum(quantity) as quantity from cells group by sku, warehouse) c
    where s.sku = c.sku and s.warehouse = c.warehouse and s.sku = any(array(select sku from cells))
)
insert into reservation_line (reservation_id, arrived, sku, quantity, reserved, waiting)
select p.id, p.arrived, l.sku, l.quantity, l.reserved, l.reserved < l.quantity and p.status <> 'released'
from placed p join json_to_recordset(:lines::json) as l(id uuid, sku text, quantity bigint, reserved bigint) using (id);

-- The SKUs that these cancelled orders will free.
-- name: reservation_freed(orders) :row skus
select json_agg(distinct c.sku)
from reservation r join reservation_cell c on c.reservation_id = r.id and c.quantity > c.taken
where r.order_id = any(:orders::uuid[]);

-- Release what they hold and what was not taken yet.
-- name: reservation_release(orders) :row ids
with gone as materialized (
    select r.id from reservation r
    where r.order_id = any(:orders::uuid[])
      and r.status not in ('released', 'taken') order by r.arrived for no key update of r
), freed as (
    select c.sku, c.warehouse, sum(c.quantity - c.taken) as quantity
    from gone g join reservation_cell c on c.reservation_id = g.id group by c.sku, c.warehouse
), cells as (
    update reservation_cell c set quantity = c.taken from gone g where c.reservation_id = g.id
), lines as (
    update reservation_line l set reserved = l.taken, waiting = false from gone g where l.reservation_id = g.id
), levels as (
    update stock s set reserved = s.reserved - f.quantity from freed f where s.sku = f.sku and s.warehouse = f.warehouse
), moved as (
    update reservation r set status = 'released' from gone g where r.id = g.id
)
select array_agg(id) from gone;
