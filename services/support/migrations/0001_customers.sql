-- Customers as orders show them (S-9), and what support knows of the orders themselves. `contact` is personal.
create table customer (
    id            uuid primary key default uuid_v7(),
    ref           text not null,
    level         text not null default 'new',
    orders        int not null default 0,
    spent         json not null default '[]',
    last_order_at timestamptz,
    contact       json,
    erased_at     timestamptz,
    version       int not null default 1,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    constraint customer_ref unique (ref)
);
create index customer_by_age on customer (created_at, id);
create index customer_by_order on customer (last_order_at, id);

create table known_order (
    id          uuid primary key,
    number      text,
    channel     text,
    customer_id uuid references customer (id),
    status      text not null,
    currency    text not null,
    total       bigint not null,
    paid        bigint not null,
    refunded    bigint not null,
    placed_at   timestamptz not null,
    contact     json
);
create index known_order_of_customer on known_order (customer_id, placed_at desc);

create view customer_json as
select c.id, c.version, c.ref, c.level, c.orders, c.last_order_at, c.created_at,
    json_build_object('id', c.id, 'ref', c.ref, 'level', c.level, 'orders', c.orders, 'spent', c.spent,
        'last_order_at', c.last_order_at, 'erased_at', c.erased_at,
        'last_orders', (select coalesce(json_agg(json_build_object('id', o.id, 'number', o.number, 'status', o.status,
                'total', o.total, 'currency', o.currency, 'placed_at', o.placed_at) order by o.placed_at desc), '[]')
            from (select * from known_order where customer_id = c.id order by placed_at desc limit 5) o),
        'created_at', c.created_at, 'updated_at', c.updated_at) as doc,
    json_strip_nulls(json_build_object('contact', c.contact)) as private
from customer c;

create view customer_event as
select c.id, null::json as private,
    json_build_object('id', c.id, 'ref', c.ref, 'level', c.level, 'orders', c.orders, 'spent', c.spent,
        'last_order_at', c.last_order_at, 'erased_at', c.erased_at) as doc
from customer c;
