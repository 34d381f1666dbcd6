-- The names of what is sold, from catalog's last event.
create table sku (
    sku        text primary key,
    product_id uuid not null,
    title      text not null,
    category   text,
    updated_at timestamptz not null
);

-- Movements of the stock ledger, and the stock that they add up to.
create table fact_movement (
    movement_id uuid primary key,
    event_id    uuid not null,
    sku         text not null,
    warehouse   text not null,
    quantity    bigint not null,
    reason      text not null,
    moved_at    timestamptz not null
);
create index fact_movement_sku on fact_movement (sku, moved_at, movement_id);

create table stock (
    sku       text not null,
    warehouse text not null,
    on_hand   bigint not null,
    primary key (sku, warehouse)
) with (fillfactor = 70);

create view stock_movement_json as
select m.movement_id as id, m.sku, m.reason, m.moved_at,
    json_build_object('id', m.movement_id, 'event_id', m.event_id, 'sku', m.sku, 'warehouse', m.warehouse, 'quantity', m.quantity,
        'reason', m.reason, 'moved_at', m.moved_at) as doc
from fact_movement m;

-- The articles of a refund.
create table fact_return (
    refund_id uuid not null,
    line      int not null,
    sku       text not null,
    quantity  bigint not null,
    primary key (refund_id, line)
);
create index fact_return_sku on fact_return (sku, refund_id);

-- What is impossible in the lines of a refund, which may be missing.
create function return_faults(data json) returns text[] language sql stable as $$
    select array_remove(array[
        case when bool_or(coalesce(l.sku, '') = '') then 'line.sku' end,
        case when bool_or(coalesce(l.quantity !~ '^[1-9][0-9]{0,8}$', true)) then 'line.quantity' end], null)
    from json_to_recordset(case json_typeof(data->'lines') when 'array' then data->'lines' else '[]' end) as l(sku text, quantity text)
$$;
