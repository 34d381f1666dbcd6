-- name: parcel_lock(carrier, tracking_number) :maybe id, status
select id, status from shipment where carrier = :carrier and tracking_number = :tracking_number for no key update;

-- name: tracking_ahead(occurred_at) :row ahead bool
select :occurred_at::timestamptz > now() + interval '1 day';

-- name: tracking_insert(id, shipment_id, status, occurred_at, note) :maybe id
insert into tracking_event (id, shipment_id, status, occurred_at, note)
values (:id::uuid, :shipment_id::uuid, :status, :occurred_at::timestamptz, :note)
on conflict on constraint tracking_event_once do nothing
returning id;

-- name: tracking_place(shipment_id, occurred_at) :row newest bool, delivered_later bool
select not exists (select 1 from tracking_event where shipment_id = :shipment_id::uuid and occurred_at > :occurred_at::timestamptz),
    exists (select 1 from tracking_event where shipment_id = :shipment_id::uuid and occurred_at > :occurred_at::timestamptz
            and status = 'delivered');

-- name: tracking_answer(shipment_id, status, occurred_at) :json
select json_build_object('id', t.id, 'shipment_id', t.shipment_id, 'carrier', s.carrier, 'tracking_number', s.tracking_number,
    'status', t.status, 'occurred_at', t.occurred_at, 'received_at', t.received_at, 'shipment_status', s.status)
from tracking_event t join shipment s on s.id = t.shipment_id
where t.shipment_id = :shipment_id::uuid and t.status = :status and t.occurred_at = :occurred_at::timestamptz;
