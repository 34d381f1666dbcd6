-- The stock ledger: levels always equal the sum of movements (C-9). reserved is the part of on_hand that orders hold.
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
    constraint stock_movement_moves check (quantity <> 0),
    constraint stock_movement_of_level foreign key (sku, warehouse) references stock (sku, warehouse)
);
create index stock_movement_of_sku on stock_movement (sku, created_at, id);
create index stock_movement_by_age on stock_movement (created_at, id);

create view movement_json as
select m.id, m.sku, m.version, m.warehouse, m.reason, m.reference, m.created_at,
    json_build_object('id', m.id, 'sku', m.sku, 'warehouse', m.warehouse, 'quantity', m.quantity, 'reason', m.reason,
        'reference', m.reference, 'actor', m.actor, 'created_at', m.created_at) as doc
from stock_movement m;

-- A reason or reference of one word is a code (received, shipped, count) and public; more words may name somebody.
create view movement_event as
select m.id,
    json_build_object('id', m.id, 'sku', m.sku, 'warehouse', m.warehouse, 'quantity', m.quantity,
        'reason', case when m.reason !~ '\s' then m.reason end,
        'reference', case when m.reference !~ '\s' then m.reference end, 'actor', m.actor, 'created_at', m.created_at) as doc,
    case when m.reason ~ '\s' or m.reference ~ '\s'
        then json_strip_nulls(json_build_object('reason', m.reason, 'reference', m.reference)) end as private
from stock_movement m;

-- Sums of a SKU's movements by reason, kept with every movement: counting all movements takes longer every day. Every
-- movement locks the row of its level first, so these rows cause no further waiting.
create table movement_sum (
    sku       text not null,
    warehouse text not null,
    reason    text not null,
    movements bigint not null,
    quantity  bigint not null,
    primary key (sku, warehouse, reason)
) with (fillfactor = 70);

create function movement_sum_add() returns trigger language plpgsql as $$
begin
    insert into movement_sum as m (sku, warehouse, reason, movements, quantity)
    select sku, warehouse, reason, count(*), sum(quantity) from moved group by 1, 2, 3 order by sku collate "C", warehouse collate "C", reason
    on conflict (sku, warehouse, reason) do update set movements = m.movements + excluded.movements, quantity = m.quantity + excluded.quantity;
    return null;
end $$;
create trigger movement_sum_add after insert on stock_movement referencing new table as moved
    for each statement execute function movement_sum_add();

-- A stocked SKU has a level from the beginning, which is 0.
create view stock_json as
select v.sku, coalesce(sum(s.on_hand), 0)::bigint as on_hand, (coalesce(sum(s.on_hand), 0) - coalesce(sum(s.reserved), 0))::bigint as available,
    json_build_object('sku', v.sku, 'on_hand', coalesce(sum(s.on_hand), 0), 'reserved', coalesce(sum(s.reserved), 0),
        'available', coalesce(sum(s.on_hand), 0) - coalesce(sum(s.reserved), 0),
        'by_warehouse', coalesce(json_agg(json_build_object('warehouse', s.warehouse, 'on_hand', s.on_hand, 'reserved', s.reserved,
            'available', s.on_hand - s.reserved) order by s.warehouse) filter (where s.sku is not null), '[]')) as doc
from variant v left join stock s on s.sku = v.sku where v.stocked group by v.sku;

-- At or below its reorder point a SKU is low, which is announced once each time it happens.
create table reorder_point (
    sku           text primary key references variant (sku),
    reorder_point bigint not null,
    low           boolean not null default false,
    version       int not null default 1,
    updated_at    timestamptz not null default now(),
    constraint reorder_point_not_negative check (reorder_point >= 0)
);

create view reorder_point_json as
select p.sku, p.version, p.low,
    json_build_object('sku', p.sku, 'reorder_point', p.reorder_point, 'low', p.low, 'available',
        (select coalesce(sum(s.on_hand - s.reserved), 0) from stock s where s.sku = p.sku), 'updated_at', p.updated_at) as doc
from reorder_point p;

create view reorder_point_event as select sku as id, doc, null::json as private from reorder_point_json;
