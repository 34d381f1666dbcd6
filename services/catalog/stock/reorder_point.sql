-- name: level_put(sku, reorder_point int) :maybe fresh bool, ids, skus
insert into stock_level as l (sku, reorder_point) select v.sku, :reorder_point::bigint from variant v where v.sku = :sku and v.stocked
on conflict (sku) do update set reorder_point = excluded.reorder_point
returning xmax = 0, array[l.sku], json_build_array(l.sku);

-- name: level_watch(skus) :row low
with now_low as (
    select l.sku, coalesce(sum(s.on_hand - s.reserved), 0) <= l.reorder_point as low
    from stock_level l left join stock s on s.sku = l.sku
    where l.sku = any(array(select json_array_elements_text(:skus::json))) group by l.sku
), turned as (
    update stock_level l set low = n.low from now_low n where l.sku = n.sku and l.low <> n.low
    returning l.sku, l.low
)
select array_agg(sku) filter (where low) from turned;
