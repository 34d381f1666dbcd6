-- What support does after a parcel: a task to follow it up (S-6), and a survey by link (S-7).
create table task (
    id           uuid primary key default uuid_v7(),
    kind         text not null,
    status       text not null default 'open',
    role         text not null default 'agent',
    owner        text,
    order_id     uuid,
    shipment_id  uuid,
    due_at       timestamptz not null,
    overdue      boolean not null default false,
    note         text,
    outcome      text,
    created_by   text not null,
    completed_at timestamptz,
    completed_by text,
    version      int not null default 1,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now()
);
create unique index task_once_a_parcel on task (shipment_id) where kind = 'follow_up';
create index task_of_order on task (order_id);
create index task_by_age on task (created_at, id);
create index task_by_due on task (due_at, id);
create index task_open on task (due_at, id) where status <> 'done';

create table survey (
    id           uuid primary key default uuid_v7(),
    status       text not null default 'sent',
    token        text not null,
    order_id     uuid not null,
    order_number text,
    shipment_id  uuid not null,
    expires_at   timestamptz not null,
    score        int,
    comment      text,
    answered_at  timestamptz,
    version      int not null default 1,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    constraint survey_once_a_parcel unique (shipment_id),
    constraint survey_token unique (token),
    constraint survey_score check (score between 1 and 5)
);
create index survey_of_order on survey (order_id);
create index survey_by_age on survey (created_at, id);

create view task_json as
select t.id, t.version, t.status, t.kind, t.role, t.owner, t.order_id, t.shipment_id, t.overdue, t.due_at, t.created_at,
    json_build_object('id', t.id, 'kind', t.kind, 'status', t.status, 'role', t.role, 'owner', t.owner,
        'order_id', t.order_id, 'order_number', o.number, 'shipment_id', t.shipment_id, 'due_at', t.due_at,
        'overdue', t.overdue, 'created_by', t.created_by, 'completed_at', t.completed_at, 'completed_by', t.completed_by,
        'created_at', t.created_at, 'updated_at', t.updated_at) as doc,
    json_strip_nulls(json_build_object('customer', o.contact, 'note', t.note, 'outcome', t.outcome)) as private
from task t left join known_order o on o.id = t.order_id;

-- Notes and outcomes are words about a person: they stay at home.
create view task_event as
select t.id, null::json as private,
    json_build_object('id', t.id, 'kind', t.kind, 'status', t.status, 'role', t.role, 'owner', t.owner,
        'order_id', t.order_id, 'shipment_id', t.shipment_id, 'due_at', t.due_at, 'overdue', t.overdue,
        'created_at', t.created_at, 'completed_at', t.completed_at, 'completed_by', t.completed_by) as doc
from task t;

-- Whoever has the link may answer: it is shown to staff, and in no event's data.
create view survey_json as
select s.id, s.version, case when s.status = 'sent' and s.expires_at <= now() then 'expired' else s.status end as status,
    s.order_id, s.shipment_id, s.score, s.created_at,
    json_build_object('id', s.id, 'status', case when s.status = 'sent' and s.expires_at <= now() then 'expired' else s.status end,
        'order_id', s.order_id, 'order_number', s.order_number, 'shipment_id', s.shipment_id,
        'token', s.token, 'link', '/v1/public/surveys/' || s.token, 'expires_at', s.expires_at,
        'score', s.score, 'answered_at', s.answered_at, 'created_at', s.created_at) as doc,
    json_strip_nulls(json_build_object('comment', s.comment)) as private
from survey s;

create view survey_event as
select s.id,
    case s.status when 'sent' then json_build_object('link', '/v1/public/surveys/' || s.token) end as private,
    json_build_object('id', s.id, 'status', s.status, 'order_id', s.order_id, 'order_number', s.order_number,
        'shipment_id', s.shipment_id, 'expires_at', s.expires_at, 'score', s.score, 'answered_at', s.answered_at) as doc
from survey s;
