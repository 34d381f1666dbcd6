-- What was seen: scans, exceptions, carriers' news.

-- Every attempt, refused ones too: the evidence is never changed.
create table scan (
    id          uuid primary key,
    shipment_id uuid not null references shipment (id),
    barcode     text not null,
    quantity    bigint not null,
    result      text not null,
    sku         text,
    operator    text not null,
    at          timestamptz not null default now()
);
create index scan_of_shipment on scan (shipment_id, at, id);
create index scan_refused on scan (result, at, id) where result <> 'ok';

create table exception (
    id          uuid primary key,
    kind        text not null,
    shipment_id uuid not null references shipment (id),
    status      text not null default 'open',
    detail      text not null,
    owner       text,
    due_at      timestamptz not null,
    resolution  text,
    resolved_by text,
    resolved_at timestamptz,
    version     int not null default 1,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now()
);
create unique index exception_open on exception (shipment_id, kind) where status = 'open';
create index exception_of_shipment on exception (shipment_id);
create index exception_by_age on exception (created_at, id);

-- One word of a carrier about one parcel; told twice, it is kept once.
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
