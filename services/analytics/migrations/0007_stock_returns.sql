-- What moved in the ledger of stock, and what is there by it: slow movers are articles that lie there unsold.
create table fact_move (
    move_id   uuid primary key,
    event_id  uuid not null,
    sku       text not null,
    warehouse text not null,
    quantity  bigint not null,
    reason    text not null,
    moved_at  timestamptz not null
);
create index fact_move_sku on fact_move (sku, moved_at, move_id);

create table stock (
    sku       text not null,
    warehouse text not null,
    on_hand   bigint not null,
    primary key (sku, warehouse)
) with (fillfactor = 70);

create view move_json as
select m.move_id as id, m.sku, m.reason, m.moved_at,
    json_build_object('id', m.move_id, 'event_id', m.event_id, 'sku', m.sku, 'warehouse', m.warehouse, 'quantity', m.quantity,
        'reason', m.reason, 'moved_at', m.moved_at) as doc
from fact_move m;

-- Why money went back, and which articles came with it.
alter table fact_refund add column kind text not null default '-', add column reason text not null default '-';

create table fact_return (
    refund_id uuid not null,
    line      int not null,
    sku       text not null,
    quantity  bigint not null,
    primary key (refund_id, line)
);
create index fact_return_sku on fact_return (sku, refund_id);

update fact_refund f set kind = coalesce(nullif(a.data->>'kind', ''), '-'), reason = coalesce(nullif(a.data->>'reason', ''), '-')
from archive a where a.id = f.event_id;

insert into fact_return (refund_id, line, sku, quantity)
select f.refund_id, l.place, l.data->>'sku', (l.data->>'quantity')::bigint
from archive a join fact_refund f on f.event_id = a.id,
    json_array_elements(case json_typeof(a.data->'lines') when 'array' then a.data->'lines' else '[]' end) with ordinality as l(data, place);

-- Lines of a refund may be missing, not impossible.
create function return_faults(data json) returns text[] language sql stable as $$
    select array_remove(array[
        case when bool_or(coalesce(l.sku, '') = '') then 'line.sku' end,
        case when bool_or(coalesce(l.quantity !~ '^[1-9][0-9]{0,8}$', true)) then 'line.quantity' end], null)
    from json_to_recordset(case json_typeof(data->'lines') when 'array' then data->'lines' else '[]' end) as l(sku text, quantity text)
$$;
