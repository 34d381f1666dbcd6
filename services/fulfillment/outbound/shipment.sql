-- name: papers_void(shipments) :exec
update paper set voided_at = now() where shipment_id = any(:shipments::uuid[]) and voided_at is null;

-- name: shipment_lock(id) :exec
select 1 from shipment where id = :id::uuid for no key update;

-- name: shipment_exceptions(id) :row n int, kinds
select count(*), string_agg(kind, ', ' order by kind) from exception where shipment_id = :id::uuid and status = 'open';

-- name: shipment_missing(id) :row units int
select coalesce(sum(quantity - scanned), 0)::bigint from shipment_line where shipment_id = :id::uuid;

-- name: shipment_packed(id) :exec
update shipment set packed_at = now() where id = :id::uuid;

-- name: shipment_shipped(id, carrier, tracking_number) :exec
update shipment set carrier = :carrier, tracking_number = :tracking_number, shipped_at = now() where id = :id::uuid;

-- name: shipment_delivered(id, occurred_at) :exec
update shipment set delivered_at = :occurred_at::timestamptz where id = :id::uuid;
