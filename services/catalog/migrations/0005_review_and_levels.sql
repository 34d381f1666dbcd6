-- Four eyes count editors too; a price below the cost may have its reason; levels have a point at which to reorder.
alter table product add column edited_by text[] not null default '{}';
alter table variant add column below_cost_reason text;

create or replace view product_json as
select p.id, p.status, p.version, p.created_at, p.title, p.category, p.channels, p.drafted_by,
    json_build_object('id', p.id, 'status', p.status, 'title', p.title, 'description', p.description,
        'category', p.category, 'images', p.images, 'channels', to_json(p.channels),
        'variants', (select coalesce(json_agg(json_build_object('sku', v.sku, 'barcode', v.barcode, 'title', v.title,
            'options', v.options, 'price', v.price, 'cost', v.cost, 'below_cost_reason', v.below_cost_reason,
            'currency', v.currency, 'weight_g', v.weight_g, 'stocked', v.stocked) order by v.place), '[]')
            from variant v where v.product_id = p.id),
        'drafted_by', p.drafted_by, 'edited_by', to_json(p.edited_by), 'submitted_by', p.submitted_by,
        'approved_by', p.approved_by, 'reject_reasons', p.reject_reasons, 'delist_reason', p.delist_reason,
        'created_at', p.created_at, 'updated_at', p.updated_at) as doc
from product p;

-- At or below its reorder point a SKU is low: said once each time it happens.
create table stock_level (
    sku           text primary key references variant (sku),
    reorder_point bigint not null,
    low           boolean not null default false,
    version       int not null default 1,
    updated_at    timestamptz not null default now(),
    constraint stock_level_point check (reorder_point >= 0)
);

create view level_json as
select l.sku, l.version, l.low,
    json_build_object('sku', l.sku, 'reorder_point', l.reorder_point, 'low', l.low, 'available',
        (select coalesce(sum(s.on_hand - s.reserved), 0) from stock s where s.sku = l.sku), 'updated_at', l.updated_at) as doc
from stock_level l;

create view level_event as select sku as id, doc, null::json as private from level_json;

-- Open work: listings that wait for a decision or for their drafter, SKUs that customers wait for.
create or replace view work_json as
select p.id, case p.status when 'submitted' then 'reviewer' else 'merchandiser' end as role, p.updated_at + interval '1 day' as due_at,
    json_build_object('kind', case p.status when 'submitted' then 'review' else 'rework' end, 'id', p.id, 'title', p.title,
        'role', case p.status when 'submitted' then 'reviewer' else 'merchandiser' end, 'due_at', p.updated_at + interval '1 day',
        'link', '/v1/products/' || p.id) as doc
from product p where p.status in ('submitted', 'rejected')
union all
select md5('restock ' || w.sku)::uuid, 'merchandiser', w.due_at,
    json_build_object('kind', 'restock', 'id', md5('restock ' || w.sku)::uuid, 'title', w.sku, 'role', 'merchandiser',
        'due_at', w.due_at, 'orders', w.orders, 'units', w.units, 'link', '/v1/stock/' || w.sku || '/explain')
from (select l.sku, count(*) as orders, sum(l.quantity - l.reserved) as units, min(r.created_at) + interval '1 day' as due_at
      from reservation_line l join reservation r on r.id = l.reservation_id where l.waiting group by l.sku) w;
