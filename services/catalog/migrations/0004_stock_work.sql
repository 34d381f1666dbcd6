-- Open work: products that wait for a decision or for their author, SKUs that orders wait for.
create view work_json as
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
