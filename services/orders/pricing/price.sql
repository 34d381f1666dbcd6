-- What the last of each product's news says; variants that a product no longer has are not sold any more.
-- name: prices_learn(events) :exec
with news as (
    select distinct on (e.id) e.id, e.title, e.event_type = 'catalog.product.published' as sellable, e.variants
    from rows from (json_to_recordset(:events::json) as (id uuid, event_type text, title text, variants json))
        with ordinality as e (id, event_type, title, variants, place)
    where e.event_type in ('catalog.product.published', 'catalog.product.delisted')
    order by e.id, e.place desc
), offered as (
    select distinct on (v.sku) v.sku, n.id, coalesce(v.title, n.title) as title, v.price, v.currency,
        coalesce(v.stocked, true) as stocked, n.sellable
    from news n cross join lateral json_to_recordset(coalesce(n.variants, '[]')) as
        v(sku text, title text, price bigint, currency text, stocked boolean)
    where v.sku is not null and v.price is not null and v.currency is not null
    order by v.sku
), gone as (
    update price p set sellable = false, updated_at = now() from news n
    where p.product_id = n.id and p.sellable and p.sku not in (select sku from offered)
)
insert into price (sku, product_id, title, price, currency, stocked, sellable)
select sku, id, title, price, currency, stocked, sellable from offered order by sku
on conflict (sku) do update set product_id = excluded.product_id, title = excluded.title, price = excluded.price,
    currency = excluded.currency, stocked = excluded.stocked, sellable = excluded.sellable, updated_at = now();
