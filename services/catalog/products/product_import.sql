-- Codes of the rows that an earlier row has or that belong to an existing product. same: the existing product has the
-- row's title, category and SKUs at their prices.
-- name: import_products_look(products) :rows i int, place int, field, value, twice bool, same bool
with given as materialized (
    select e.i, e.doc ->> 'title' as title, e.doc ->> 'category' as category, v.place - 1 as place, v.sku, v.barcode, v.price, v.currency
    from json_to_recordset(:products::json) as e(i int, doc json)
    cross join lateral rows from (json_to_recordset(coalesce(e.doc -> 'variants', '[]'))
        as (sku text, barcode text, price bigint, currency text)) with ordinality as v(sku, barcode, price, currency, place)
), sames as (
    select g.i from given g join variant t on t.sku = g.sku and t.price = g.price and t.currency = g.currency
    join product p on p.id = t.product_id and p.title = g.title and p.category is not distinct from g.category
    group by g.i having count(distinct p.id) = 1 and count(*) = (select count(*) from given o where o.i = g.i)
), codes as (
    select i, place, 'sku' as field, sku as value from given union all select i, place, 'barcode', coalesce(barcode, sku) from given
), ranked as (
    select *, row_number() over (partition by field, value order by i, place) > 1 as twice from codes
)
select r.i, r.place, r.field, r.value, r.twice, r.i in (select i from sames)
from ranked r left join variant s on r.field = 'sku' and s.sku = r.value left join variant b on r.field = 'barcode' and b.barcode = r.value
where r.twice or s.sku is not null or b.sku is not null
order by r.i, r.place, r.field desc;

-- products is a list of {"id", "doc"}. A row that is published was on sale elsewhere already and is not reviewed again.
-- name: import_products_insert(products, actor) :row drafts, published
with given as materialized (
    select g.id, d.* from json_to_recordset(:products::json) as g(id uuid, doc json),
        json_to_record(g.doc) as d(title text, description text, category text, images json, variants json, status text, channels json)
), made as (
    insert into product (id, title, description, category, images, drafted_by, status, channels, approved_by)
    select id, title, description, category, coalesce(images, '[]'), :actor, coalesce(status, 'draft'),
        array(select distinct json_array_elements_text(coalesce(channels, '[]')) order by 1),
        case when status = 'published' then :actor end
    from given
), parts as (
    insert into variant (sku, product_id, place, barcode, title, options, price, cost, below_cost_reason, currency, weight_g, stocked)
    select v.sku, g.id, v.place, coalesce(v.barcode, v.sku), v.title, coalesce(v.options, '{}'), v.price, v.cost, v.below_cost_reason,
        v.currency, v.weight_g, coalesce(v.stocked, true)
    from given g cross join lateral rows from (json_to_recordset(coalesce(g.variants, '[]')) as (sku text, barcode text, title text,
            options json, price bigint, cost bigint, below_cost_reason text, currency text, weight_g int, stocked boolean))
        with ordinality as v(sku, barcode, title, options, price, cost, below_cost_reason, currency, weight_g, stocked, place)
)
select array_agg(id) filter (where coalesce(status, 'draft') = 'draft')::text, array_agg(id) filter (where status = 'published')::text
from given;
