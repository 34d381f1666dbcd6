-- Open work: what to scan, what to ship, what went wrong, and how much waits for the next wave of each warehouse.
create view open_work as
select s.id, 'picker' as role, s.waved_at + interval '4 hours' as due_at, 'scan' as kind,
    s.number || ' of ' || s.order_number as title, '/v1/shipments/' || s.id as link
from shipment s where s.status = 'waved'
union all
select s.id, 'warehouse_lead', s.packed_at + interval '2 hours', 'ship', s.number || ' of ' || s.order_number,
    '/v1/shipments/' || s.id
from shipment s where s.status = 'packed'
union all
select e.id, 'warehouse_lead', e.due_at, 'exception', e.kind || ' on ' || s.number, '/v1/exceptions/' || e.id
from exception e join shipment s on s.id = e.shipment_id where e.status = 'open'
union all
select (array_agg(s.id order by s.created_at, s.id))[1], 'warehouse_lead', min(s.wave_by), 'wave',
    count(*) || ' shipments wait for a wave in ' || s.warehouse,
    '/v1/shipments?status=pending&warehouse=' || s.warehouse
from shipment s where s.status = 'pending' group by s.warehouse;

create view work_json as
select id, role, due_at,
    json_build_object('kind', kind, 'id', id, 'title', title, 'role', role, 'due_at', due_at, 'link', link) as doc
from open_work;
