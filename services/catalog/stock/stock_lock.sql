-- A batch that reserves is alone; transactions that add stock run beside each other, but not beside it. Held until the commit.
-- name: allocation_alone() :exec
select pg_advisory_xact_lock(hashtextextended('catalog.allocation', 0));

-- name: allocation_shared() :exec
select pg_advisory_xact_lock_shared(hashtextextended('catalog.allocation', 0));

-- Locks are taken in this order everywhere: levels by (sku, warehouse), then reservations by arrival. Here: the levels of these
-- SKUs, and of all SKUs that are missing in reservations which wait for the freed ones.
-- name: stock_lock(skus, freed) :exec
with freed as (
    select json_array_elements_text(:freed::json) as sku
), wanted as (
    select json_array_elements_text(:skus::json) as sku
    union select sku from freed
    union select o.sku from freed f join reservation_line q on q.sku = f.sku and q.waiting
    join reservation_line o on o.reservation_id = q.reservation_id and o.waiting
)
select 1 from stock s where s.sku = any(array(select sku from wanted))
order by s.sku collate "C", s.warehouse collate "C" for no key update of s;
