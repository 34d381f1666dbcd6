-- Parcels, and their sums by day, carrier and warehouse.
create table fact_parcel (
    shipment_id  uuid primary key,
    order_id     uuid,
    carrier      text not null,
    warehouse    text not null,
    units        bigint not null,
    shipped_at   timestamptz not null,
    delivered_at timestamptz
);

create table parcel_rollup (
    start     timestamptz not null,
    carrier   text not null,
    warehouse text not null,
    shipped   bigint not null,
    units     bigint not null,
    delivered bigint not null,
    primary key (start, carrier, warehouse)
);

create table fact_ticket (
    ticket_id   uuid primary key,
    opened_at   timestamptz not null,
    answered_at timestamptz,
    solved_at   timestamptz
);
create index fact_ticket_opened on fact_ticket (opened_at);
create index fact_ticket_solved on fact_ticket (solved_at) where solved_at is not null;

create table fact_survey (
    survey_id   uuid primary key,
    sent_at     timestamptz not null,
    answered_at timestamptz,
    score       int
);
create index fact_survey_sent on fact_survey (sent_at);
create index fact_survey_answered on fact_survey (answered_at) where answered_at is not null;

-- What is not counted, and why: impossible values, and refunds whose order nobody told of. The latter leave by
-- themselves when the order comes.
create view quarantine_json as
select q.id, q.at, q.type, q.about, q.reasons,
    json_build_object('id', q.id, 'type', q.type, 'about', q.about, 'number', q.number, 'reasons', to_json(q.reasons), 'at', q.at,
        'data', q.data) as doc
from quarantine q
union all
select f.event_id, f.refunded_at, 'orders.refund.paid', f.order_id::text, array['refund.unknown_order'],
    json_build_object('id', f.event_id, 'type', 'orders.refund.paid', 'about', f.order_id, 'number', f.order_number,
        'reasons', json_build_array('refund.unknown_order'), 'at', f.refunded_at,
        'data', json_build_object('id', f.refund_id, 'order_id', f.order_id, 'currency', f.currency, 'amount', f.amount,
            'refunded_at', f.refunded_at))
from fact_refund f where f.state = 'waiting';

-- Open work: what was set aside wants a look.
create view work_json as
select q.id, 'analyst' as role, q.at + interval '1 day' as due_at,
    json_build_object('kind', 'quarantine', 'id', q.id, 'title', q.type, 'reasons', to_json(q.reasons), 'role', 'analyst',
        'due_at', q.at + interval '1 day', 'link', '/v1/quarantine/' || q.id) as doc
from quarantine_json q;
