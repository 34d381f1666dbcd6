-- Open work: listings that wait for a decision, and rejected ones that wait for their drafter.
create view work_json as
select p.id, case p.status when 'submitted' then 'reviewer' else 'merchandiser' end as role, p.updated_at + interval '1 day' as due_at,
    json_build_object('kind', case p.status when 'submitted' then 'review' else 'rework' end, 'id', p.id, 'title', p.title,
        'role', case p.status when 'submitted' then 'reviewer' else 'merchandiser' end, 'due_at', p.updated_at + interval '1 day',
        'link', '/v1/products/' || p.id) as doc
from product p where p.status in ('submitted', 'rejected');
