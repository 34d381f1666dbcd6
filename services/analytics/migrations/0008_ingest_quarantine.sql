-- What is not counted, and why: events with impossible values, and refunds whose order is not known. The
-- latter leave the quarantine when the order comes.
create view quarantine_json as
select q.id, q.at, q.type, q.order_id, q.reasons,
    json_build_object('id', q.id, 'type', q.type, 'order_id', q.order_id, 'number', q.number, 'reasons', to_json(q.reasons), 'at', q.at,
        'data', q.data) as doc
from quarantine q
union all
select f.event_id, f.refunded_at, 'orders.refund.paid', f.order_id, array['refund.unknown_order'],
    json_build_object('id', f.event_id, 'type', 'orders.refund.paid', 'order_id', f.order_id, 'number', f.order_number,
        'reasons', json_build_array('refund.unknown_order'), 'at', f.refunded_at,
        'data', json_build_object('id', f.refund_id, 'order_id', f.order_id, 'currency', f.currency, 'amount', f.amount,
            'refunded_at', f.refunded_at))
from fact_refund f where f.state = 'waiting';

-- Open work: quarantined events.
create view work_json as
select q.id, 'analyst' as role, q.at + interval '1 day' as due_at,
    json_build_object('kind', 'quarantine', 'id', q.id, 'title', q.type, 'reasons', to_json(q.reasons), 'role', 'analyst',
        'due_at', q.at + interval '1 day', 'link', '/v1/quarantine/' || q.id) as doc
from quarantine_json q;
