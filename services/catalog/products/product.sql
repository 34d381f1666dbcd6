-- name: product_insert(id, title, description, category, images, actor) :exec
insert into product (id, title, description, category, images, drafted_by)
values (:id::uuid, :title, :description, :category, coalesce(:images::json, '[]'), :actor);

-- name: variants_conflicts(id, variants) :rows place, field, value, twice bool
with given as (
    select v.* from rows from (json_to_recordset(:variants::json) as (sku text, barcode text)) with ordinality as v(sku, barcode, place)
), codes as (
    select place, 'sku' as field, sku as value from given
    union all select place, 'barcode', barcode from given where barcode is not null
)
select c.place - 1, c.field, c.value, c.twice
from (select *, row_number() over (partition by field, value order by place) > 1 as twice from codes) c
where c.twice or exists (
    select 1 from variant t where t.product_id <> :id::uuid and c.value = case c.field when 'sku' then t.sku else t.barcode end)
order by c.place, c.field desc;

-- name: variants_drop(id, variants) :exec
delete from variant where product_id = :id::uuid
  and sku <> all(array(select sku from json_to_recordset(:variants::json) as v(sku text)));

-- name: variants_put(id, variants) :count
insert into variant as t (sku, product_id, place, barcode, title, options, price, cost, below_cost_reason, currency, weight_g, stocked)
select v.sku, :id::uuid, v.place, coalesce(v.barcode, v.sku), v.title, coalesce(v.options, '{}'), v.price, v.cost,
    v.below_cost_reason, v.currency, v.weight_g, coalesce(v.stocked, true)
from rows from (json_to_recordset(:variants::json) as (sku text, barcode text, title text, options json, price bigint, cost bigint,
        below_cost_reason text, currency text, weight_g int, stocked boolean)) with ordinality
    as v(sku, barcode, title, options, price, cost, below_cost_reason, currency, weight_g, stocked, place)
on conflict (sku) do update set place = excluded.place, barcode = excluded.barcode, title = excluded.title,
    options = excluded.options, price = excluded.price, cost = excluded.cost, below_cost_reason = excluded.below_cost_reason,
    currency = excluded.currency, weight_g = excluded.weight_g, stocked = excluded.stocked
where t.product_id = excluded.product_id;

-- name: product_update(id, title, description, category, images, actor) :exec
update product set title = :title, description = :description, category = :category, images = coalesce(:images::json, '[]'),
    edited_by = case when :actor = any(edited_by) then edited_by else edited_by || :actor::text end
where id = :id::uuid;

-- name: product_for_review(id) :json
select json_build_object('description', description, 'category', category, 'images', images,
    'variants', (select coalesce(json_agg(json_build_object('sku', sku, 'price', price, 'cost', cost, 'currency', currency,
        'below_cost_reason', below_cost_reason) order by place), '[]') from variant where product_id = :id::uuid))
from product where id = :id::uuid;

-- name: product_worked_on(id, actor) :row by_actor bool
select :actor in (drafted_by, coalesce(submitted_by, '')) or :actor = any(edited_by) from product where id = :id::uuid;

-- name: product_submitted(id, actor) :exec
update product set submitted_by = :actor, reject_reasons = null where id = :id::uuid;

-- name: product_approved(id, actor) :exec
update product set approved_by = :actor where id = :id::uuid;

-- name: product_rejected(id, reasons) :exec
update product set reject_reasons = :reasons::json, submitted_by = null where id = :id::uuid;

-- name: product_published(id, channels) :exec
update product set channels = array(select distinct json_array_elements_text(:channels::json) order by 1) where id = :id::uuid;

-- name: product_delisted(id, reason) :exec
update product set channels = '{}', delist_reason = :reason where id = :id::uuid;
