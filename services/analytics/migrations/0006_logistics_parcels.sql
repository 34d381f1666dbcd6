-- Parcels, and their sums by day, carrier and warehouse.
create table fact_parcel (
    shipment_id  uuid primary key,
    order_id     uuid,
    carrier      text not null,
    warehouse    text not null,
    units        bigint not null,
    shipped_at   timestamptz not null,
    delivered_at timestamptz
);

create table parcel_rollup (
    start     timestamptz not null,
    carrier   text not null,
    warehouse text not null,
    shipped   bigint not null,
    units     bigint not null,
    delivered bigint not null,
    primary key (start, carrier, warehouse)
);
