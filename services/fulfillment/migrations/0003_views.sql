-- What is shown and what is told.
create view shipment_full as
select s.*,
    (select coalesce(json_agg(l), '[]') from (
        select l.sku, coalesce(a.barcode, l.sku) as barcode, l.quantity, l.scanned
        from shipment_line l left join article a using (sku) where l.shipment_id = s.id order by l.line) l) as lines,
    (select count(*) from exception e where e.shipment_id = s.id and e.status = 'open') as open_exceptions,
    (select t.status from tracking_event t where t.shipment_id = s.id
     order by t.occurred_at desc, t.received_at desc, t.id desc limit 1) as tracking_status
from shipment s;

create view shipment_json as
select id, version, status, created_at, number, order_id, order_number, warehouse, wave_id, carrier, tracking_number, wave_by,
    private,
    json_build_object('id', id, 'number', number, 'order_id', order_id, 'order_number', order_number, 'status', status,
        'warehouse', warehouse, 'wave_id', wave_id, 'carrier', carrier, 'tracking_number', tracking_number,
        'tracking_status', tracking_status, 'open_exceptions', open_exceptions, 'lines', lines, 'wave_by', wave_by,
        'created_at', created_at, 'waved_at', waved_at, 'packed_at', packed_at, 'shipped_at', shipped_at,
        'delivered_at', delivered_at, 'voided_at', voided_at, 'updated_at', updated_at) as doc
from shipment_full;

-- The customer's wishes are for the packers and stay in the house.
create view shipment_event as
select id,
    json_build_object('id', id, 'number', number, 'order_id', order_id, 'order_number', order_number, 'status', status,
        'warehouse', warehouse, 'carrier', carrier, 'tracking_number', tracking_number, 'shipped_at', shipped_at,
        'delivered_at', delivered_at, 'lines', lines) as doc,
    case when private is not null
        then json_build_object('customer', private -> 'customer', 'ship_to', private -> 'ship_to') end as private
from shipment_full;

create view wave_json as
select id, version, status, created_at, number, warehouse,
    json_build_object('id', id, 'number', number, 'warehouse', warehouse, 'status', status, 'shipments', shipments,
        'units', units, 'opened_by', opened_by, 'void_reason', void_reason, 'created_at', created_at,
        'updated_at', updated_at) as doc
from wave;

-- What people wrote by hand (reasons, resolutions, notes) is not told: it may name somebody.
create view wave_event as
select id, null::json as private,
    json_build_object('id', id, 'number', number, 'warehouse', warehouse, 'status', status, 'shipments', shipments,
        'units', units) as doc
from wave;

create view exception_json as
select e.id, e.version, e.status, e.created_at, e.kind, e.shipment_id, s.order_id, s.warehouse, e.owner, e.due_at,
    json_build_object('id', e.id, 'kind', e.kind, 'status', e.status, 'shipment_id', e.shipment_id,
        'shipment_number', s.number, 'order_id', s.order_id, 'order_number', s.order_number, 'warehouse', s.warehouse,
        'detail', e.detail, 'owner', e.owner, 'due_at', e.due_at, 'resolution', e.resolution,
        'resolved_by', e.resolved_by, 'resolved_at', e.resolved_at, 'created_at', e.created_at,
        'updated_at', e.updated_at) as doc
from exception e join shipment s on s.id = e.shipment_id;

create view exception_event as
select e.id, null::json as private,
    json_build_object('id', e.id, 'kind', e.kind, 'status', e.status, 'shipment_id', e.shipment_id,
        'order_id', s.order_id, 'warehouse', s.warehouse, 'due_at', e.due_at, 'created_at', e.created_at,
        'resolved_at', e.resolved_at) as doc
from exception e join shipment s on s.id = e.shipment_id;

create view scan_json as
select id, shipment_id, result, operator, at,
    json_build_object('id', id, 'shipment_id', shipment_id, 'barcode', barcode, 'quantity', quantity, 'result', result,
        'sku', sku, 'operator', operator, 'at', at) as doc
from scan;

create view tracking_json as
select t.id, t.shipment_id, t.status, t.occurred_at, s.carrier, s.tracking_number,
    json_build_object('note', t.note) as private,
    json_build_object('id', t.id, 'shipment_id', t.shipment_id, 'carrier', s.carrier,
        'tracking_number', s.tracking_number, 'status', t.status, 'occurred_at', t.occurred_at,
        'received_at', t.received_at) as doc
from tracking_event t join shipment s on s.id = t.shipment_id;
