-- Orders: what was agreed, at which prices, and what became of it.
create sequence order_no;


-- For people: the day on which the order came in and a running number. One expression, so that PostgreSQL
-- inlines it into the insert.
create function order_number() returns text language sql volatile as $$
    select 'SO-' || to_char(now() at time zone 'UTC', 'YYMMDD') || '-' || to_char(nextval('order_no'), 'FM999999999999000000')
$$;

-- `request_digest` identifies what was requested, so that the same order sent again is recognised. All
-- personal data is in `personal`, and nowhere else. PostgreSQL reads the text of a check for every statement:
-- a list as one constant costs least.
create table orders (
    id             uuid primary key,
    number         text not null default order_number(),
    channel        text not null,
    channel_ref    text not null,
    request_digest text not null,
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
    overdue        boolean not null default false,
    cancel_reason  text,
    personal       json,
    placed_at      timestamptz not null default now(),
    version        int not null default 1,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    constraint order_channel_ref unique (channel, channel_ref),
    constraint order_number_once unique (number),
    constraint order_status check (status = any ('{placed,confirmed,cancelling,shipped,delivered,cancelled}')),
    constraint order_stock_status
        check (stock_status = any ('{pending,reserved,partial,backordered,released,taken}')),
    constraint order_total check (total = gross - discount + shipping_fee),
    constraint order_amounts check (gross >= 0 and discount between 0 and gross and shipping_fee >= 0),
    constraint order_paid check (paid between 0 and total),
    constraint order_refunded check (refunded between 0 and paid)
);

-- Every filter and sort of the list has an index that gives the page: without one a rare value, or an order
-- by another column, reads all orders there ever were.
create index order_by_age on orders (placed_at, id);
create index order_by_status on orders (status, placed_at, id);
create index order_by_stock_status on orders (stock_status, placed_at, id);
create index order_by_payment_status on orders (payment_status, placed_at, id);
create index order_of_customer on orders (customer_ref, placed_at, id);
create index order_of_channel on orders (channel, placed_at, id);
create index order_by_total on orders (total, id);
create index order_by_creation on orders (created_at, id);
create index order_held on orders (placed_at, id) where held;
create index order_overdue on orders (placed_at, id) where overdue and status = 'placed';

-- Columns that no list filters or sorts by, or that are unique by an index, need no statistics (common 0008).
alter table orders alter id set statistics 0, alter number set statistics 0, alter request_digest set statistics 0,
    alter channel_ref set statistics 0, alter allocation set statistics 0, alter personal set statistics 0,
    alter cancel_reason set statistics 0, alter flags set statistics 0;

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
create index order_hold_by_age on order_hold (held_at, id);
create index order_hold_open on order_hold (held_at, id) where released_at is null;

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

-- The shipments of an order, learned from fulfillment's events. The id is the shipment's.
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

-- Customers whose personal data was erased in support: orders from before it are erased when they have ended.
create table erased_customer (
    ref       text primary key,
    erased_at timestamptz not null
);

-- The units of a SKU that an allocation holds.
create function allocated(allocation json, sku text) returns bigint language sql immutable parallel safe as $$
    select coalesce(sum((a ->> 'quantity')::bigint), 0)::bigint from json_array_elements(allocation) a where a ->> 'sku' = sku
$$;

-- Parcels are shown once they have left the warehouse.
create view order_json as
select o.id, o.version, o.status, o.stock_status, o.payment_status, o.channel, o.channel_ref, o.customer_ref, o.number,
    o.placed_at, o.created_at, o.total, o.held, o.overdue and o.status = 'placed' as overdue,
    o.stock_status = 'pending' and o.status = 'placed' as pending, o.personal as private,
    json_build_object('id', o.id, 'number', o.number, 'channel', o.channel, 'channel_ref', o.channel_ref,
        'customer_ref', o.customer_ref, 'ship_country', o.ship_country, 'currency', o.currency, 'status', o.status,
        'stock_status', o.stock_status, 'payment_status', o.payment_status, 'gross', o.gross, 'discount', o.discount,
        'shipping_fee', o.shipping_fee, 'total', o.total, 'paid', o.paid, 'refunded', o.refunded,
        'allow_partial', o.allow_partial, 'flags', to_json(o.flags), 'held', o.held,
        'overdue', o.overdue and o.status = 'placed', 'cancel_reason', o.cancel_reason,
        'lines', (select coalesce(json_agg(row_to_json(l)), '[]') from (
            select line, sku, title, quantity, unit_price, list_price, quantity * unit_price as amount, stocked,
                case when not stocked then 0 when o.stock_status in ('reserved', 'taken') then quantity
                     when o.stock_status = 'partial' then greatest(0, least(quantity,
                         allocated(o.allocation, sku) - sum(quantity) over (partition by sku order by line) + quantity))
                     else 0 end as reserved
            from order_line where order_id = o.id order by line) l),
        'allocation', o.allocation,
        'payments', (select coalesce(json_agg(json_build_object('method', method, 'amount', amount, 'reference', reference,
            'paid_at', paid_at) order by paid_at, id), '[]') from payment where order_id = o.id),
        'parcels', (select coalesce(json_agg(json_build_object('id', id, 'number', number, 'status', status,
            'carrier', carrier, 'tracking_number', tracking_number, 'shipped_at', shipped_at, 'delivered_at', delivered_at,
            'lines', lines) order by shipped_at, id), '[]')
            from parcel where order_id = o.id and status in ('shipped', 'delivered')),
        'placed_at', o.placed_at, 'created_at', o.created_at, 'updated_at', o.updated_at) as doc
from orders o;

-- Apart from the order: reasons and names of staff are not for customers, who may read their orders.
create view hold_json as
select h.id, h.order_id, h.held_at, h.released_at is null as open,
    json_build_object('id', h.id, 'order_id', h.order_id, 'reason', h.reason, 'actor', h.actor, 'held_at', h.held_at,
        'released_at', h.released_at, 'released_by', h.released_by) as doc
from order_hold h;

-- row_to_json writes no blanks, so that an order of 1,000 lines fits into one event.
create view order_event as
select o.id, o.personal as private,
    (select row_to_json(e) from (
        select o.id, o.number, o.channel, o.channel_ref, o.customer_ref, o.ship_country, o.currency, o.status,
            o.stock_status, o.payment_status, o.placed_at, o.total, o.discount, o.shipping_fee, o.paid, o.refunded,
            o.allow_partial, o.held,
            (select coalesce(json_agg(row_to_json(l)), '[]') from (
                select line, sku, quantity, unit_price, stocked from order_line where order_id = o.id order by line
            ) l) as lines,
            o.allocation) e) as doc
from orders o;
