-- A hand-over that nobody takes in time goes to the head.
alter table ticket add column hand_over_late boolean not null default false;

-- The customer is the one named, else the order's, whenever that becomes known.
create or replace view ticket_json as
select t.id, t.version, t.status, t.number, t.channel, t.priority, t.department, t.owner, t.order_id, c.id as customer_id,
    t.breached_at is not null as breached, t.for_head, t.first_answer_by, t.created_at,
    json_build_object('id', t.id, 'number', t.number, 'status', t.status, 'channel', t.channel, 'priority', t.priority,
        'department', t.department, 'owner', t.owner,
        'hand_over', case when t.hand_over_to is not null
            then json_build_object('to', t.hand_over_to, 'by', t.hand_over_by, 'at', t.hand_over_at,
                'late', t.hand_over_late) end,
        'order_id', t.order_id, 'order_number', o.number, 'survey_id', t.survey_id, 'for_head', t.for_head,
        'customer_id', c.id, 'customer_level', c.level,
        'last_orders', (select coalesce(json_agg(json_build_object('id', l.id, 'number', l.number, 'status', l.status,
                'total', l.total, 'currency', l.currency, 'placed_at', l.placed_at) order by l.placed_at desc), '[]')
            from (select * from known_order where customer_id = c.id order by placed_at desc limit 5) l),
        'first_answer_by', t.first_answer_by, 'first_answered_at', t.first_answered_at,
        'reminded_at', t.reminded_at, 'breached', t.breached_at is not null, 'breached_at', t.breached_at, 'solved_at', t.solved_at,
        'solved_by', t.solved_by, 'reopened', t.reopened, 'opened_by', t.opened_by,
        'created_at', t.created_at, 'updated_at', t.updated_at) as doc,
    json_strip_nulls(json_build_object('subject', t.subject, 'customer', coalesce(t.contact, o.contact, c.contact),
        'resolution', t.resolution)) as private
from ticket t
left join known_order o on o.id = t.order_id
left join customer c on c.id = coalesce(t.customer_id, o.customer_id);

-- Those that name the customer, and those about an order of theirs that name nobody.
create function tickets_of_customer(customer uuid) returns setof uuid language sql stable as $$
    select t.id from ticket t where t.customer_id = customer
    union all
    select t.id from known_order o join ticket t on t.order_id = o.id where o.customer_id = customer and t.customer_id is null
$$;

create or replace view ticket_event as
select t.id, null::json as private,
    json_build_object('id', t.id, 'number', t.number, 'status', t.status, 'channel', t.channel, 'priority', t.priority,
        'department', t.department, 'owner', t.owner, 'hand_over_to', t.hand_over_to,
        'hand_over_late', t.hand_over_late, 'order_id', t.order_id,
        'customer_id', t.customer_id, 'survey_id', t.survey_id, 'for_head', t.for_head, 'first_answer_by', t.first_answer_by,
        'first_answered_at', t.first_answered_at, 'breached', t.breached_at is not null, 'reopened', t.reopened,
        'created_at', t.created_at, 'solved_at', t.solved_at, 'solved_by', t.solved_by) as doc
from ticket t;

-- Open work: tasks; tickets that wait for us; and before the head whatever nobody has, is late, or weighs much (S-5).
create or replace view work_json as
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
            when t.hand_over_late then 'hand_over_late' when t.for_head then 'complaint' else 'unassigned' end, t.owner, t.first_answer_by, '/v1/tickets/'
    from ticket t
    where t.status <> 'solved'
      and (t.status = 'new' or t.for_head or t.hand_over_late or (t.breached_at is not null and t.first_answered_at is null))
)
select id, role, due_at, json_build_object('kind', kind, 'id', id, 'number', number, 'role', role, 'why', why,
    'owner', owner, 'due_at', due_at, 'link', link || id) as doc
from work;
