-- Orders: what was agreed, at which prices, and what became of it.
create sequence order_no;

-- For people: the day it was taken down and a running number.
create function order_number() returns text language sql volatile as $$
    select 'SO-' || to_char(now() at time zone 'UTC', 'YYMMDD') || '-' || lpad(n::text, greatest(6, length(n::text)), '0')
    from nextval('order_no') as n
$$;

-- `intake` is the digest of what was asked: the same order sent again is recognised by it. `personal` holds all
-- personal data and nothing else does. `ready` is the one place where it stands when an order confirms itself.
create table orders (
    id             uuid primary key,
    number         text not null default order_number(),
    channel        text not null,
    channel_ref    text not null,
    intake         text not null,
    customer_ref   text not null,
    ship_country   text not null,
    currency       text not null,
    status         text not null default 'placed',
    stock_status   text not null default 'pending',
    payment_status text not null generated always as (
        case when paid > 0 and refunded >= paid then 'refunded' when paid >= total then 'paid'
             when paid > 0 then 'partly_paid' else 'unpaid' end) stored,
    gross          bigint not null,
    discount       bigint not null default 0,
    shipping_fee   bigint not null default 0,
    total          bigint not null,
    paid           bigint not null default 0,
    refunded       bigint not null default 0,
    stocked_units  bigint not null,
    allocation     json not null default '[]',
    allow_partial  boolean not null default false,
    flags          text[] not null default '{}',
    held           boolean not null default false,
    ready          boolean not null generated always as (
        status = 'placed' and stock_status = 'reserved' and not held and paid >= total
        and (paid = 0 or refunded < paid)) stored,
    overdue        boolean not null default false,
    cancel_reason  text,
    personal       json,
    placed_at      timestamptz not null default now(),
    version        int not null default 1,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    constraint order_channel_ref unique (channel, channel_ref),
    constraint order_number_once unique (number),
    constraint order_status check (status in ('placed', 'confirmed', 'cancelling', 'shipped', 'delivered', 'cancelled')),
    constraint order_stock_status
        check (stock_status in ('pending', 'reserved', 'partial', 'backordered', 'released', 'taken')),
    constraint order_total check (total = gross - discount + shipping_fee),
    constraint order_amounts check (gross >= 0 and discount between 0 and gross and shipping_fee >= 0),
    constraint order_paid check (paid between 0 and total),
    constraint order_refunded check (refunded between 0 and paid)
);
create index order_by_age on orders (placed_at, id);
create index order_by_status on orders (status, placed_at, id);
create index order_of_customer on orders (customer_ref, placed_at, id);

create table order_line (
    order_id   uuid not null references orders (id),
    line       int not null,
    sku        text not null,
    title      text,
    quantity   bigint not null,
    unit_price bigint not null,
    list_price bigint,
    stocked    boolean not null,
    primary key (order_id, line),
    constraint order_line_counts check (quantity > 0 and unit_price >= 0)
);

create table order_hold (
    id          uuid primary key default uuid_v7(),
    order_id    uuid not null references orders (id),
    reason      text not null,
    actor       text not null,
    held_at     timestamptz not null default now(),
    released_at timestamptz,
    released_by text
);
create index order_hold_of_order on order_hold (order_id, held_at);

create table payment (
    id        uuid primary key default uuid_v7(),
    order_id  uuid not null references orders (id),
    method    text not null,
    amount    bigint not null,
    reference text not null,
    actor     text not null,
    paid_at   timestamptz not null default now(),
    constraint payment_reference unique (order_id, reference),
    constraint payment_counts check (amount > 0)
);
