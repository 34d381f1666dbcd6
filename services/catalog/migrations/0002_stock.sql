-- The stock ledger: levels always equal the sum of movements (C-9). Reserved is the part of on_hand that orders hold.
create table stock (
    sku       text not null references variant (sku),
    warehouse text not null,
    on_hand   bigint not null default 0,
    reserved  bigint not null default 0,
    primary key (sku, warehouse),
    constraint stock_not_negative check (on_hand >= 0),
    constraint stock_reserved_not_negative check (reserved >= 0),
    constraint stock_reserved_is_there check (reserved <= on_hand)
);

create table stock_movement (
    id         uuid primary key,
    no         bigint generated always as identity unique,
    sku        text not null,
    warehouse  text not null,
    quantity   bigint not null,
    reason     text not null,
    reference  text,
    actor      text not null,
    version    int not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint stock_movement_moves check (quantity <> 0)
);
create index stock_movement_of_sku on stock_movement (sku, created_at, id);

create view movement_json as
select m.id, m.sku, m.version, m.warehouse, m.reason, m.reference, m.created_at,
    json_build_object('id', m.id, 'sku', m.sku, 'warehouse', m.warehouse, 'quantity', m.quantity, 'reason', m.reason,
        'reference', m.reference, 'actor', m.actor, 'created_at', m.created_at) as doc
from stock_movement m;

create view movement_event as select id, doc, null::json as private from movement_json;

create view stock_json as
select s.sku, sum(s.on_hand)::bigint as on_hand, (sum(s.on_hand) - sum(s.reserved))::bigint as available,
    json_build_object('sku', s.sku, 'on_hand', sum(s.on_hand), 'reserved', sum(s.reserved),
        'available', sum(s.on_hand) - sum(s.reserved),
        'by_warehouse', json_agg(json_build_object('warehouse', s.warehouse, 'on_hand', s.on_hand, 'reserved', s.reserved,
            'available', s.on_hand - s.reserved) order by s.warehouse)) as doc
from stock s group by s.sku;
