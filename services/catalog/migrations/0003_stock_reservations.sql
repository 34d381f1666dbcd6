-- The stock that orders hold, and the stock that they wait for (C-10, O-3).
create table reservation (
    id            uuid primary key default uuid_v7(),
    arrived       bigint generated always as identity unique, -- orders are served in the order of arrival
    order_id      uuid not null,
    order_number  text,
    allow_partial boolean not null default false,
    status        text not null,
    version       int not null default 1,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    constraint reservation_once unique (order_id),
    constraint reservation_status check (status = any ('{held,partial,short,released,taken}'))
);
create index reservation_by_status on reservation (status, created_at, id);
create index reservation_by_age on reservation (created_at, id);

-- What the order needs of a SKU. reserved includes what was taken since.
create table reservation_line (
    reservation_id uuid not null references reservation (id),
    sku            text not null,
    quantity       bigint not null,
    reserved       bigint not null default 0,
    taken          bigint not null default 0,
    waiting        boolean not null default true, -- something is missing, and would still be taken
    arrived        bigint not null,
    primary key (reservation_id, sku),
    constraint reservation_line_wants check (quantity > 0),
    constraint reservation_line_reserved check (reserved between 0 and quantity),
    constraint reservation_line_taken check (taken between 0 and reserved)
);
create index reservation_line_queue on reservation_line (sku, arrived) where waiting;
create index reservation_line_open on reservation_line (sku) where reserved > taken;

-- Where it is reserved. The open parts of a SKU in a warehouse sum up to stock.reserved.
create table reservation_cell (
    reservation_id uuid not null references reservation (id),
    sku            text not null,
    warehouse      text not null,
    quantity       bigint not null,
    taken          bigint not null default 0,
    primary key (reservation_id, sku, warehouse),
    constraint reservation_cell_quantity check (quantity >= 0),
    constraint reservation_cell_taken check (taken between 0 and quantity)
);

create view reservation_event as
select r.id, null::json as private,
    json_build_object('id', r.id, 'order_id', r.order_id, 'status', r.status,
        'lines', (select coalesce(json_agg(json_build_object('sku', l.sku, 'quantity', l.quantity, 'reserved', l.reserved,
            'taken', l.taken) order by l.sku), '[]') from reservation_line l where l.reservation_id = r.id),
        'allocation', (select coalesce(json_agg(json_build_object('sku', c.sku, 'warehouse', c.warehouse, 'quantity', c.quantity)
            order by c.sku, c.warehouse), '[]') from reservation_cell c where c.reservation_id = r.id and c.quantity > 0)) as doc
from reservation r;

create view reservation_json as
select r.id, r.version, r.status, r.created_at, r.arrived, r.order_id,
    json_build_object('id', r.id, 'order_id', r.order_id, 'order_number', r.order_number, 'status', r.status,
        'allow_partial', r.allow_partial, 'arrived', r.arrived,
        'lines', (select coalesce(json_agg(json_build_object('sku', l.sku, 'quantity', l.quantity, 'reserved', l.reserved,
            'taken', l.taken, 'waiting', l.waiting) order by l.sku), '[]') from reservation_line l where l.reservation_id = r.id),
        'allocation', (select coalesce(json_agg(json_build_object('sku', c.sku, 'warehouse', c.warehouse, 'quantity', c.quantity,
            'taken', c.taken) order by c.sku, c.warehouse), '[]') from reservation_cell c
            where c.reservation_id = r.id and c.quantity > 0),
        'created_at', r.created_at, 'updated_at', r.updated_at) as doc
from reservation r;
