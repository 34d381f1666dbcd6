-- Shipments: what leaves one warehouse for one order. Waves gather them, papers say which slot of a wave they are.

-- What catalog told us of each SKU.
create table article (
    sku      text primary key,
    barcode  text not null,
    title    text,
    weight_g int
);
create index article_by_barcode on article (barcode);

create sequence wave_no;
create table wave (
    id          uuid primary key,
    number      text not null unique default 'WV-' || lpad(nextval('wave_no')::text, 6, '0'),
    warehouse   text not null,
    status      text not null default 'open',
    shipments   int not null default 0,
    units       bigint not null default 0,
    opened_by   text not null,
    void_reason text,
    version     int not null default 1,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now()
);
create index wave_by_age on wave (created_at, id);

-- `private` is personal data (customer, ship_to, wishes): it can be emptied without touching the rest. `wave_by` is
-- the wave that must take it: the cut-off is kept or it is not.
create sequence shipment_no;
create table shipment (
    id              uuid primary key,
    number          text not null unique default 'SH-' || lpad(nextval('shipment_no')::text, 6, '0'),
    order_id        uuid not null,
    order_number    text not null,
    warehouse       text not null,
    status          text not null default 'pending',
    wave_id         uuid references wave (id) deferrable initially deferred,
    carrier         text,
    tracking_number text,
    private         json,
    wave_by         timestamptz not null,
    waved_at        timestamptz,
    packed_at       timestamptz,
    shipped_at      timestamptz,
    delivered_at    timestamptz,
    voided_at       timestamptz,
    version         int not null default 1,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    constraint shipment_tracking_number unique (carrier, tracking_number)
);
create index shipment_of_order on shipment (order_id);
create index shipment_of_wave on shipment (wave_id);
create index shipment_by_age on shipment (created_at, id);
create index shipment_by_status on shipment (status, created_at, id);
create index shipment_waiting on shipment (warehouse, created_at, id) where status = 'pending';

create table shipment_line (
    shipment_id uuid not null references shipment (id),
    sku         text not null,
    line        int not null,
    quantity    bigint not null,
    scanned     bigint not null default 0,
    primary key (shipment_id, sku),
    constraint line_not_overscanned check (scanned between 0 and quantity)
);

-- A shipment's paper in a wave: voided with the wave or with the shipment, never deleted.
create table paper (
    wave_id     uuid not null references wave (id) deferrable initially deferred,
    slot        int not null,
    shipment_id uuid not null references shipment (id),
    voided_at   timestamptz,
    primary key (wave_id, slot)
);
create index paper_of_shipment on paper (shipment_id);

-- The first of the set times 8:00, 12:00 and 16:00 after a moment (see the schedule in service.c).
create function next_wave(at timestamptz, zone text) returns timestamptz language sql stable as $$
    select min(slot) from (
        select ((at at time zone zone)::date + d + h * interval '1 hour') at time zone zone as slot
        from generate_series(0, 1) d, unnest(array[8, 12, 16]) h) slots
    where slot > at
$$;
