-- What fulfilment makes of an order, as it tells us. The id is the shipment's.
create table parcel (
    id              uuid primary key,
    order_id        uuid not null references orders (id),
    number          text,
    status          text not null,
    warehouse       text,
    carrier         text,
    tracking_number text,
    units           bigint not null,
    lines           json not null,
    shipped_at      timestamptz,
    delivered_at    timestamptz
);
create index parcel_of_order on parcel (order_id);
