-- A carrier's report of a shipment. The same report sent twice is one row.
create table tracking_event (
    id          uuid primary key,
    shipment_id uuid not null references shipment (id),
    status      text not null,
    occurred_at timestamptz not null,
    note        text,
    received_at timestamptz not null default now(),
    constraint tracking_event_once unique (shipment_id, status, occurred_at)
);
create index tracking_event_of_shipment on tracking_event (shipment_id, occurred_at, id);

create view tracking_json as
select t.id, t.shipment_id, t.status, t.occurred_at, s.carrier, s.tracking_number,
    json_build_object('note', t.note) as private,
    json_build_object('id', t.id, 'shipment_id', t.shipment_id, 'carrier', s.carrier,
        'tracking_number', s.tracking_number, 'status', t.status, 'occurred_at', t.occurred_at,
        'received_at', t.received_at) as doc
from tracking_event t join shipment s on s.id = t.shipment_id;
