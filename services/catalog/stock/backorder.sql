-- The next page of reservations that wait for the freed SKUs, in order of arrival, without those that cannot be served
-- whatever the ones before them get.
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

-- name: reservation_lock(ids) :exec
select 1 from reservation where id = any(:ids::uuid[]) order by arrived for no key update;

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

-- name: stock_reserve(grants) :exec
update stock s set reserved = s.reserved + g.quantity
from (select sku, warehouse, sum(quantity) as quantity
      from json_to_recordset(:grants::json) as g(sku text, warehouse text, quantity bigint) group by sku, warehouse) g
where s.sku = g.sku and s.warehouse = g.warehouse
  and s.sku = any(array(select sku from json_to_recordset(:grants::json) as a(sku text)));

-- Set the status of all reservations that got something in this transaction, and return them by status.
-- name: reservation_settle(ids) :rows status, ids
with outcome as (
    select r.id, case when bool_and(l.reserved = l.quantity) then 'held' when bool_or(l.reserved > 0) then 'partial' else 'short' end as status
    from reservation r join reservation_line l on l.reservation_id = r.id
    where r.id = any(:ids::uuid[]) and r.status in ('short', 'partial') group by r.id
), moved as (
    update reservation r set status = o.status from outcome o where r.id = o.id
)
select status, array_agg(id) from outcome group by status order by status;
