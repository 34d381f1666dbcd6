-- name: product_insert(id, title, description, category, images, actor) :exec
insert into product (id, title, description, category, images, drafted_by)
values (:id::uuid, :title, :description, :category, coalesce(:images::json, '[]'), :actor);

-- name: variants_insert(id, variants) :exec
insert into variant (sku, product_id, place, barcode, title, options, price, cost, currency, weight_g, stocked)
select v.sku, :id::uuid, (row_number() over ())::int, coalesce(v.barcode, v.sku), v.title, coalesce(v.options, '{}'), v.price, v.cost,
    v.currency, v.weight_g, coalesce(v.stocked, true)
from json_to_recordset(:variants::json) as v(sku text, barcode text, title text, options json, price bigint, cost bigint,
    currency text, weight_g int, stocked boolean);

-- name: variants_taken(id, variants) :rows sku, barcode
select v.sku, coalesce(v.barcode, v.sku) from json_to_recordset(:variants::json) as v(sku text, barcode text)
where exists (select 1 from variant t where (t.sku = v.sku or t.barcode = coalesce(v.barcode, v.sku)) and t.product_id <> :id::uuid);

-- name: product_update(id, title, description, category, images) :exec
update product set title = :title, description = :description, category = :category, images = coalesce(:images::json, '[]')
where id = :id::uuid;

-- name: variants_delete(id) :exec
delete from variant where product_id = :id::uuid;

-- name: product_for_review(id) :row title, description, category, images, drafted_by, submitted_by, variants
select title, description, category, images, drafted_by, submitted_by,
    (select coalesce(json_agg(json_build_object('sku', sku, 'price', price, 'cost', cost) order by place), '[]') from variant
     where product_id = :id::uuid)
from product where id = :id::uuid;

-- name: product_submitted(id, actor) :exec
update product set submitted_by = :actor, reject_reasons = null where id = :id::uuid;

-- name: product_approved(id, actor) :exec
update product set approved_by = :actor where id = :id::uuid;

-- name: product_rejected(id, reasons) :exec
update product set reject_reasons = :reasons::json, submitted_by = null where id = :id::uuid;

-- name: product_channels(id, channels) :exec
update product set channels = array(select json_array_elements_text(:channels::json)) where id = :id::uuid;

-- name: product_delisted(id, reason) :exec
update product set channels = '{}', delist_reason = :reason where id = :id::uuid;
