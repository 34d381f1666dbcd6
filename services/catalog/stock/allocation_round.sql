-- Lock the levels of these SKUs (those that are locked already, once more: one statement in place of two); the lock tells what
-- nobody has reserved, sorted as allocate() wants it. A SKU that has no level at all has a row without a warehouse, one that
-- nobody drafted yet has none. And whether it is low, and at which stock it is. Who adds levels or sets points waits or is
-- waited for (allocation_alone, allocation_shared), so that none of them is missed.
-- name: stock_free(skus) :deferred sku, stocked bool, warehouse, available int, reorder_point int, low bool
with locked as materialized (
    select sku, warehouse, on_hand - reserved as available from stock
    where sku = any(array(select json_array_elements_text(:skus::json)))
    order by sku collate "C", warehouse collate "C" for no key update
)
select v.sku, v.stocked, coalesce(s.warehouse, ''), coalesce(s.available, 0), coalesce(l.reorder_point, -1), coalesce(l.low, false)
from variant v left join locked s on s.sku = v.sku left join stock_level l on l.sku = v.sku
where v.sku = any(array(select json_array_elements_text(:skus::json)))
order by v.sku collate "C", s.warehouse collate "C";
