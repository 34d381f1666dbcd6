-- Money given back: by hand, or once for an order that was cancelled after it was paid.
create table refund (
    id          uuid primary key default uuid_v7(),
    order_id    uuid not null references orders (id),
    kind        text not null,
    amount      bigint not null,
    reason      text,
    reference   text,
    actor       text not null,
    refunded_at timestamptz not null default now(),
    version     int not null default 1,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    constraint refund_reference unique (order_id, reference),
    constraint refund_counts check (amount > 0),
    constraint refund_kind check (kind in ('by_hand', 'cancellation'))
);
create unique index refund_of_cancellation on refund (order_id) where kind = 'cancellation';
create index refund_by_age on refund (refunded_at, id);

create table refund_line (
    refund_id uuid not null references refund (id),
    line      int not null,
    order_id  uuid not null,
    sku       text not null,
    quantity  bigint not null,
    primary key (refund_id, line),
    constraint refund_line_counts check (quantity > 0)
);
create index refund_line_of_order on refund_line (order_id, sku);

create view refund_json as
select r.id, r.version, r.order_id, r.kind, r.reference, r.refunded_at, r.created_at, r.amount,
    json_build_object('id', r.id, 'order_id', r.order_id, 'order_number', o.number, 'channel', o.channel,
        'currency', o.currency, 'kind', r.kind, 'amount', r.amount, 'reason', r.reason, 'reference', r.reference,
        'lines', (select coalesce(json_agg(json_build_object('sku', l.sku, 'quantity', l.quantity) order by l.line), '[]')
                  from refund_line l where l.refund_id = r.id),
        'actor', r.actor, 'refunded_at', r.refunded_at, 'created_at', r.created_at) as doc
from refund r join orders o on o.id = r.order_id;

create view refund_event as
select r.id, null::json as private,
    (select row_to_json(e) from (
        select r.id, r.order_id, o.number as order_number, o.channel, o.currency, r.kind, r.amount, r.reason, r.reference,
            r.refunded_at,
            (select coalesce(json_agg(row_to_json(l)), '[]') from (
                select sku, quantity from refund_line where refund_id = r.id order by line) l) as lines) e) as doc
from refund r join orders o on o.id = r.order_id;
