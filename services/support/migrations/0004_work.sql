-- Who works for a department.
create function department_role(department text) returns text language sql immutable as $$
    select case department when 'support' then 'agent' when 'orders' then 'clerk' when 'warehouse' then 'warehouse_lead'
        when 'finance' then 'cashier' when 'merchandising' then 'merchandiser' when 'management' then 'manager' end
$$;

-- Open work: tasks; tickets that wait for us; and before the head whatever nobody has, is late, or weighs much (S-5).
create view work_json as
with work as (
    select 'task' as kind, t.id, null as number, t.role, t.kind as why, t.owner, t.due_at, '/v1/tasks/' as link
    from task t where t.status <> 'done'
    union all
    select 'task', t.id, null, 'support_lead', 'overdue', t.owner, t.due_at, '/v1/tasks/'
    from task t where t.status <> 'done' and t.overdue
    union all
    select 'ticket', t.id, t.number, department_role(coalesce(t.hand_over_to, t.department)),
        case t.status when 'waiting' then 'hand_over' else 'answer' end, t.owner, t.first_answer_by, '/v1/tickets/'
    from ticket t where t.status in ('assigned', 'waiting')
    union all
    select 'ticket', t.id, t.number, 'support_lead',
        case when t.breached_at is not null and t.first_answered_at is null then 'breached'
            when t.for_head then 'complaint' else 'unassigned' end, t.owner, t.first_answer_by, '/v1/tickets/'
    from ticket t
    where t.status <> 'solved'
      and (t.status = 'new' or t.for_head or (t.breached_at is not null and t.first_answered_at is null))
)
select id, role, due_at, json_build_object('kind', kind, 'id', id, 'number', number, 'role', role, 'why', why,
    'owner', owner, 'due_at', due_at, 'link', link || id) as doc
from work;
