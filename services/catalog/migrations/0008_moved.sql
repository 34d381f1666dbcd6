-- What moved of a SKU by reason, kept with every movement: counting all movements there ever were took longer every day. Whoever moves
-- stock holds the level's row, and these rows belong to it, so nobody waits for anybody more than before.
create table stock_moved (
    sku       text not null,
    warehouse text not null,
    reason    text not null,
    movements bigint not null,
    quantity  bigint not null,
    primary key (sku, warehouse, reason)
) with (fillfactor = 70);

insert into stock_moved (sku, warehouse, reason, movements, quantity)
select sku, warehouse, reason, count(*), sum(quantity) from stock_movement group by 1, 2, 3;

create function stock_moved_follows() returns trigger language plpgsql as $$
begin
    insert into stock_moved as m (sku, warehouse, reason, movements, quantity)
    select sku, warehouse, reason, count(*), sum(quantity) from moved group by 1, 2, 3 order by sku collate "C", warehouse collate "C", reason
    on conflict (sku, warehouse, reason) do update set movements = m.movements + excluded.movements, quantity = m.quantity + excluded.quantity;
    return null;
end $$;
create trigger stock_moved_follows after insert on stock_movement referencing new table as moved
    for each statement execute function stock_moved_follows();
