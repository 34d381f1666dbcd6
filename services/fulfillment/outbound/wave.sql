-- The oldest first; what another wave or a cancellation holds is passed over.
-- name: wave_take(id, warehouse, most int) :row n int, shipments
with waiting as (
    select id from shipment where warehouse = :warehouse and status = 'pending'
    order by created_at, id limit :most::bigint for no key update skip locked
), moved as (
    update shipment s set status = 'waved', wave_id = :id::uuid, waved_at = now()
    from waiting where s.id = waiting.id
    returning s.id, s.created_at
), papers as (
    insert into paper (wave_id, slot, shipment_id)
    select :id::uuid, row_number() over (order by created_at, id), id from moved
)
select count(*), coalesce(array_agg(id), '{}')::text from moved;

-- After wave_take: counted from its papers.
-- name: wave_insert(id, warehouse, actor) :exec
insert into wave (id, warehouse, opened_by, shipments, units)
select :id::uuid, :warehouse, :actor, count(distinct p.shipment_id), coalesce(sum(l.quantity), 0)
from paper p left join shipment_line l using (shipment_id) where p.wave_id = :id::uuid;

-- A shipment without units has nothing to scan.
-- name: wave_pack_empty(id) :row shipments
with packed as (
    update shipment s set status = 'packed', packed_at = now()
    where s.wave_id = :id::uuid and s.status = 'waved'
      and not exists (select 1 from shipment_line l where l.shipment_id = s.id)
    returning s.id
)
select coalesce(array_agg(id), '{}')::text from packed;

-- name: wave_warehouses() :rows warehouse, waiting int
select warehouse, count(*) from shipment where status = 'pending' group by warehouse order by warehouse;

-- name: wave_lock_shipments(id) :exec
select 1 from shipment where wave_id = :id::uuid order by id for no key update;

-- name: wave_empty(id, reason) :row shipments
with named as (
    update wave set void_reason = :reason where id = :id::uuid
), back as (
    update shipment set status = 'pending', wave_id = null, waved_at = null, packed_at = null
    where wave_id = :id::uuid and status in ('waved', 'packed')
    returning id
), unscanned as (
    update shipment_line l set scanned = 0 from back where l.shipment_id = back.id and l.scanned > 0
)
select coalesce(array_agg(id), '{}')::text from back;

-- What to fetch, each SKU once, for the papers that are valid.
-- name: wave_pick_list(id) :json
select json_build_object('wave_id', w.id, 'number', w.number, 'warehouse', w.warehouse, 'status', w.status,
    'units', coalesce((select sum(l.quantity) from paper p join shipment_line l using (shipment_id)
                       where p.wave_id = w.id and p.voided_at is null), 0),
    'lines', (select coalesce(json_agg(json_build_object('bin', null, 'sku', x.sku, 'barcode', coalesce(a.barcode, x.sku),
            'title', a.title, 'quantity', x.quantity, 'shipments', x.shipments) order by x.sku), '[]')
        from (select l.sku, sum(l.quantity) as quantity, count(*) as shipments
              from paper p join shipment_line l using (shipment_id)
              where p.wave_id = w.id and p.voided_at is null group by l.sku) x left join article a using (sku)))
from wave w where w.id = :id::uuid;

-- Which pieces go into which slot; voided papers are named, so that they are taken out.
-- name: wave_sort_list(id) :json
select json_build_object('wave_id', w.id, 'number', w.number, 'warehouse', w.warehouse, 'status', w.status,
    'orders', (select coalesce(json_agg(json_build_object('slot', p.slot, 'shipment_id', s.id, 'number', s.number,
            'order_id', s.order_id, 'order_number', s.order_number, 'status', s.status, 'lines', s.lines) order by p.slot), '[]')
        from paper p join shipment_full s on s.id = p.shipment_id where p.wave_id = w.id and p.voided_at is null),
    'voided', (select coalesce(json_agg(json_build_object('slot', p.slot, 'shipment_id', s.id, 'number', s.number,
            'order_number', s.order_number, 'voided_at', p.voided_at) order by p.slot), '[]')
        from paper p join shipment s on s.id = p.shipment_id where p.wave_id = w.id and p.voided_at is not null))
from wave w where w.id = :id::uuid;
