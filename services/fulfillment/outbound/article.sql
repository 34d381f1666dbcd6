-- Every event of a product tells all its variants: the last word counts.
-- name: articles_learn(products) :exec
insert into article (sku, barcode, title, weight_g)
select distinct on (v.sku) v.sku, coalesce(v.barcode, v.sku),
    coalesce(nullif(concat_ws(', ', p.title, nullif(v.title, p.title)), ''), v.sku), v.weight_g
from rows from (json_to_recordset(:products::json) as (title text, variants json)) with ordinality as p(title, variants, place),
    json_to_recordset(coalesce(p.variants, '[]')) as v(sku text, barcode text, title text, weight_g int)
order by v.sku, p.place desc
on conflict (sku) do update set barcode = excluded.barcode, title = excluded.title, weight_g = excluded.weight_g
where (article.barcode, article.title, article.weight_g) is distinct from (excluded.barcode, excluded.title, excluded.weight_g);
