-- Lock the levels of these SKUs (also those that are locked already, which saves a statement) and return what is not
-- reserved, sorted as allocate() needs it. A SKU that has no level has one row without a warehouse, a SKU without a variant
-- has none. Whatever adds levels or sets reorder points waits for this transaction or is waited for (stock_lock.sql), so none
-- of them is missed.
-- name: stock_free(skus) :deferred sku, stocked bool, warehouse, available int, reorder_point int, low bool
with locked as materialized (
    select sku, warehouse, on_hand - reserved as available from stock
    where sku = any(array(select json_array_elements_text(:skus::json)))
    order by sku collate "C", warehouse collate "C" for no key update
)
select v.sku, v.stocked, coalesce(s.warehouse, ''), coalesce(s.available, 0), coalesce(p.reorder_point, -1), coalesce(p.low, false)
from variant v left join locked s on s.sku = v.sku left join reorder_point p on p.sku = v.sku
where v.sku = any(array(select json_array_elements_text(:skus::json)))
order by v.sku collate "C", s.warehouse collate "C";
