-- name: reorder_point_put(sku, reorder_point int) :maybe fresh bool, ids, skus
insert into reorder_point as p (sku, reorder_point) select v.sku, :reorder_point::bigint from variant v where v.sku = :sku and v.stocked
on conflict (sku) do update set reorder_point = excluded.reorder_point
returning xmax = 0, array[p.sku], json_build_array(p.sku);

-- name: reorder_point_check(skus) :row low
with now_low as (
    select p.sku, coalesce(sum(s.on_hand - s.reserved), 0) <= p.reorder_point as low
    from reorder_point p left join stock s on s.sku = p.sku
    where p.sku = any(array(select json_array_elements_text(:skus::json))) group by p.sku
), turned as (
    update reorder_point p set low = n.low from now_low n where p.sku = n.sku and p.low <> n.low
    returning p.sku, p.low
)
select array_agg(sku) filter (where low) from turned;
