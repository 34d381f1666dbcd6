-- The line that a barcode stands for, one that still misses units first. What is no article's barcode may be a SKU: that
-- of an article that catalog had not told us of when the lists were printed, or a label of our own. Run after
-- shipment_lock, in a statement of its own: it must see what the lock waited for.
-- name: scan_target(id, barcode) :row status, sku, quantity int, scanned int, others_open bool
select s.status, l.sku, l.quantity, l.scanned,
    exists (select 1 from shipment_line o where o.shipment_id = s.id and o.scanned < o.quantity and o.sku is distinct from l.sku)
from shipment s left join lateral (
    select sku, quantity, scanned from shipment_line
    where shipment_id = s.id and sku in (
        select sku from article where barcode = :barcode
        union all select :barcode where not exists (select 1 from article where barcode = :barcode))
    order by scanned >= quantity, line limit 1) l on true
where s.id = :id::uuid;

-- name: scan_insert(id, shipment_id, barcode, quantity int, result, sku, operator) :exec
insert into scan (id, shipment_id, barcode, quantity, result, sku, operator)
values (:id::uuid, :shipment_id::uuid, :barcode, :quantity::bigint, :result, :sku, :operator);

-- name: scan_count(shipment_id, sku, quantity int) :exec
update shipment_line set scanned = scanned + :quantity::bigint where shipment_id = :shipment_id::uuid and sku = :sku;
