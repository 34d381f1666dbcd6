-- Tickets (S-1, S-3, S-4, S-5): what was asked, by whom, whose turn it is. What people wrote is personal.
create sequence ticket_numbers start 1001;

create table ticket (
    id                uuid primary key default uuid_v7(),
    number            text not null default 'T' || nextval('ticket_numbers'),
    status            text not null default 'new',
    subject           text not null,
    channel           text not null,
    priority          text not null,
    department        text not null default 'support',
    owner             text,
    hand_over_to      text,
    hand_over_by      text,
    hand_over_at      timestamptz,
    customer_id       uuid references customer (id),
    contact           json,
    order_id          uuid,
    survey_id         uuid references survey (id),
    for_head          boolean not null,
    first_answer_by   timestamptz not null,
    first_answered_at timestamptz,
    reminded_at       timestamptz,
    breached_at       timestamptz,
    resolution        text,
    solved_at         timestamptz,
    solved_by         text,
    reopened          int not null default 0,
    opened_by         text not null,
    version           int not null default 1,
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    constraint ticket_number unique (number)
);
create index ticket_by_age on ticket (created_at, id);
create index ticket_by_deadline on ticket (first_answer_by, id);
create index ticket_of_order on ticket (order_id);
create index ticket_of_customer on ticket (customer_id);
create index ticket_open on ticket (first_answer_by, id) where status <> 'solved';

-- The conversation and what happened around it: customer, answer, note, hand_over, decline, resolution, reopen.
create table ticket_message (
    id         uuid primary key default uuid_v7(),
    ticket_id  uuid not null references ticket (id),
    kind       text not null,
    author     text not null,
    body       text not null,
    created_at timestamptz not null default now()
);
create index ticket_message_of_ticket on ticket_message (ticket_id, created_at, id);

create view message_json as
select m.id, m.ticket_id, m.kind, m.created_at,
    json_build_object('id', m.id, 'ticket_id', m.ticket_id, 'kind', m.kind,
        'internal', m.kind not in ('customer', 'answer', 'resolution'), 'author', m.author, 'created_at', m.created_at) as doc,
    json_build_object('body', m.body) as private
from ticket_message m;

-- The customer is the one named, else the order's, whenever that becomes known.
create view ticket_json as
select t.id, t.version, t.status, t.number, t.channel, t.priority, t.department, t.owner, t.order_id, c.id as customer_id,
    t.breached_at is not null as breached, t.for_head, t.first_answer_by, t.created_at,
    json_build_object('id', t.id, 'number', t.number, 'status', t.status, 'channel', t.channel, 'priority', t.priority,
        'department', t.department, 'owner', t.owner,
        'hand_over', case when t.hand_over_to is not null
            then json_build_object('to', t.hand_over_to, 'by', t.hand_over_by, 'at', t.hand_over_at) end,
        'order_id', t.order_id, 'order_number', o.number, 'survey_id', t.survey_id, 'for_head', t.for_head,
        'customer_id', c.id, 'customer_level', c.level,
        'last_orders', (select coalesce(json_agg(json_build_object('id', l.id, 'number', l.number, 'status', l.status,
                'total', l.total, 'currency', l.currency, 'placed_at', l.placed_at) order by l.placed_at desc), '[]')
            from (select * from known_order where customer_id = c.id order by placed_at desc limit 5) l),
        'first_answer_by', t.first_answer_by, 'first_answered_at', t.first_answered_at,
        'breached', t.breached_at is not null, 'breached_at', t.breached_at, 'solved_at', t.solved_at,
        'solved_by', t.solved_by, 'reopened', t.reopened, 'opened_by', t.opened_by,
        'created_at', t.created_at, 'updated_at', t.updated_at) as doc,
    json_strip_nulls(json_build_object('subject', t.subject, 'customer', coalesce(t.contact, o.contact, c.contact),
        'resolution', t.resolution)) as private
from ticket t
left join known_order o on o.id = t.order_id
left join customer c on c.id = coalesce(t.customer_id, o.customer_id);

create view ticket_event as
select t.id, null::json as private,
    json_build_object('id', t.id, 'number', t.number, 'status', t.status, 'channel', t.channel, 'priority', t.priority,
        'department', t.department, 'owner', t.owner, 'hand_over_to', t.hand_over_to, 'order_id', t.order_id,
        'customer_id', t.customer_id, 'survey_id', t.survey_id, 'for_head', t.for_head, 'first_answer_by', t.first_answer_by,
        'first_answered_at', t.first_answered_at, 'breached', t.breached_at is not null, 'reopened', t.reopened,
        'created_at', t.created_at, 'solved_at', t.solved_at, 'solved_by', t.solved_by) as doc
from ticket t;
