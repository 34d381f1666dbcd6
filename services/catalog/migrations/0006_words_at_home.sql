-- What people wrote by hand may name somebody: it goes beside an event's public data, not into it. A movement's reason
-- of one word is a code (received, shipped, count) and stays.
create or replace view product_event as
select p.id,
    case when p.reject_reasons is not null or p.delist_reason is not null
        then json_strip_nulls(json_build_object('reject_reasons', p.reject_reasons, 'delist_reason', p.delist_reason))
    end as private,
    json_build_object('id', p.id, 'status', p.status, 'title', p.title, 'category', p.category,
        'channels', to_json(p.channels),
        'variants', (select coalesce(json_agg(json_build_object('sku', v.sku, 'barcode', v.barcode, 'title', v.title,
            'price', v.price, 'currency', v.currency, 'weight_g', v.weight_g, 'stocked', v.stocked) order by v.place), '[]')
            from variant v where v.product_id = p.id)) as doc
from product p;

create or replace view movement_event as
select m.id,
    json_build_object('id', m.id, 'sku', m.sku, 'warehouse', m.warehouse, 'quantity', m.quantity,
        'reason', case when m.reason !~ '\s' then m.reason end,
        'reference', case when m.reference !~ '\s' then m.reference end, 'actor', m.actor, 'created_at', m.created_at) as doc,
    case when m.reason ~ '\s' or m.reference ~ '\s'
        then json_strip_nulls(json_build_object('reason', m.reason, 'reference', m.reference)) end as private
from stock_movement m;
