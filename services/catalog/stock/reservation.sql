-- Lists of SKUs and of grants are JSON, lists of orders and of reservations are arrays of uuid; null stands for none.
-- PostgreSQL takes a JSON list for 100 rows, two joined for 10,000, and then rather walks through a table of a million
-- rows than looks some up. `= any(array(select …))` and `lateral (… limit 1)` leave it the index alone (test_plans.py).

-- The batch that reserves is alone; stock that comes in goes on beside others that come in. Held to the commit.
-- name: allocation_alone() :exec
select pg_advisory_xact_lock(hashtextextended('catalog.allocation', 0));

-- name: allocation_shared() :exec
select pg_advisory_xact_lock_shared(hashtextextended('catalog.allocation', 0));

-- Those of these orders that have a reservation already.
-- name: reservation_known(orders) :deferred order_id
select order_id from reservation where order_id = any(:orders::uuid[]);

-- New reservations, with their lines and where they are reserved, there too.
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

-- The SKUs that these cancelled orders will set free.
-- name: reservation_freed(orders) :row skus
select json_agg(distinct c.sku)
from reservation r join reservation_cell c on c.reservation_id = r.id and c.quantity > c.taken
where r.order_id = any(:orders::uuid[]);

-- Lock order of the house: levels by (sku, warehouse), then reservations by arrival. Here: the levels of these SKUs,
-- and of all that those miss who wait for the freed ones.
-- name: stock_lock(skus, freed) :exec
with freed as (
    select json_array_elements_text(:freed::json) as sku
), wanted as (
    select json_array_elements_text(:skus::json) as sku
    union select sku from freed
    union select o.sku from freed f join reservation_line q on q.sku = f.sku and q.waiting
    join reservation_line o on o.reservation_id = q.reservation_id and o.waiting
)
select 1 from stock s where s.sku = any(array(select sku from wanted))
order by s.sku collate "C", s.warehouse collate "C" for no key update of s;

-- What they hold and nobody took yet goes back.
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

-- The next page of those who wait for the freed SKUs, in order of arrival, without those that cannot be served whatever
-- happens before their turn.
-- name: backorder_demands(freed, after int, page int) :rows id, arrived int, allow_partial bool, sku, missing int
with picked as (
    select distinct reservation_id as id, arrived from reservation_line
    where waiting and sku = any(array(select json_array_elements_text(:freed::json))) and arrived > :after::bigint
), missing as materialized (
    select p.id, p.arrived, l.sku, l.quantity - l.reserved as missing
    from picked p join reservation_line l on l.reservation_id = p.id and l.waiting
), free as materialized (
    select sku, sum(on_hand - reserved) as units from stock
    where sku = any(array(select distinct sku from missing)) group by sku
), servable as (
    select m.id, m.arrived, r.allow_partial
    from missing m join reservation r on r.id = m.id left join free f on f.sku = m.sku
    group by m.id, m.arrived, r.allow_partial
    having case when r.allow_partial then bool_or(coalesce(f.units, 0) > 0) else bool_and(coalesce(f.units, 0) >= m.missing) end
    order by m.arrived limit :page::int
)
select s.id, s.arrived, s.allow_partial, m.sku, m.missing
from servable s join missing m on m.id = s.id order by s.arrived, m.sku collate "C";

-- Lock the levels of these SKUs (those that are locked already, once more: one statement in place of two); the lock tells what
-- nobody has reserved, sorted as allocate() wants it. A SKU that has no level at all has a row without a warehouse, one that
-- nobody drafted yet has none. And whether it is low, and at which stock it is. Who adds levels or sets points waits or is
-- waited for (allocation_alone, allocation_shared), so that none of them is missed.
-- name: stock_free(skus) :deferred sku, stocked bool, warehouse, available int, reorder_point int, low bool
with locked as materialized (
    select sku, warehouse, on_hand - reserved as available from stock
    where sku = any(array(select json_array_elements_text(:skus::json)))
    order by sku collate "C", warehouse collate "C" for no key update
)
select v.sku, v.stocked, coalesce(s.warehouse, ''), coalesce(s.available, 0), coalesce(l.reorder_point, -1), coalesce(l.low, false)
from variant v left join locked s on s.sku = v.sku left join stock_level l on l.sku = v.sku
where v.sku = any(array(select json_array_elements_text(:skus::json)))
order by v.sku collate "C", s.warehouse collate "C";

-- name: reservation_lock(ids) :exec
select 1 from reservation where id = any(:ids::uuid[]) order by arrived for no key update;

-- name: stock_reserve(grants) :exec
update stock s set reserved = s.reserved + g.quantity
from (select sku, warehouse, sum(quantity) as quantity
      from json_to_recordset(:grants::json) as g(sku text, warehouse text, quantity bigint) group by sku, warehouse) g
where s.sku = g.sku and s.warehouse = g.warehouse
  and s.sku = any(array(select sku from json_to_recordset(:grants::json) as a(sku text)));

-- name: reservation_cells(grants) :exec
insert into reservation_cell as c (reservation_id, sku, warehouse, quantity)
select id, sku, warehouse, quantity from json_to_recordset(:grants::json) as g(id uuid, sku text, warehouse text, quantity bigint)
on conflict (reservation_id, sku, warehouse) do update set quantity = c.quantity + excluded.quantity;

-- name: reservation_lines(grants) :exec
update reservation_line l set reserved = l.reserved + g.quantity, waiting = l.reserved + g.quantity < l.quantity
from (select id, sku, sum(quantity) as quantity
      from json_to_recordset(:grants::json) as g(id uuid, sku text, quantity bigint) group by id, sku) g
where l.reservation_id = g.id and l.sku = g.sku
  and l.reservation_id = any(array(select id from json_to_recordset(:grants::json) as a(id uuid)));

-- The outcome of all that got something in this transaction: what is to be announced.
-- name: reservation_settle(ids) :rows status, ids
with outcome as (
    select r.id, case when bool_and(l.reserved = l.quantity) then 'held' when bool_or(l.reserved > 0) then 'partial' else 'short' end as status
    from reservation r join reservation_line l on l.reservation_id = r.id
    where r.id = any(:ids::uuid[]) and r.status in ('short', 'partial') group by r.id
), moved as (
    update reservation r set status = o.status from outcome o where r.id = o.id
)
select status, array_agg(id) from outcome group by status order by status;
