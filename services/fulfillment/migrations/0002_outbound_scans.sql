-- Every scan, refused ones too. Rows are never changed.
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
    updated_at  timestamptz not null default now(),
    constraint exception_status check (status = any ('{open,resolved}'))
);
create unique index exception_open on exception (shipment_id, kind) where status = 'open';
create index exception_of_shipment on exception (shipment_id);
create index exception_by_age on exception (created_at, id);
