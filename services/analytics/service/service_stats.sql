-- name: parcels_shipped(events, zone) :exec
with kept as (
    insert into fact_parcel (shipment_id, order_id, carrier, warehouse, units, shipped_at)
    select e.aggregate_id, d.order_id, coalesce(d.carrier, '-'), coalesce(d.warehouse, '-'),
        (select coalesce(sum(l.quantity), 0) from json_to_recordset(coalesce(d.lines, '[]')) as l(quantity bigint)),
        coalesce(d.shipped_at, e.time)
    from json_to_recordset(:events::json) as e(aggregate_id uuid, time timestamptz, data json),
        json_to_record(e.data) as d(order_id uuid, carrier text, warehouse text, shipped_at timestamptz, lines json)
    on conflict do nothing
    returning shipped_at, carrier, warehouse, units
)
insert into parcel_rollup as r (start, carrier, warehouse, shipped, units, delivered)
select date_trunc('day', shipped_at, :zone), carrier, warehouse, count(*), sum(units), 0 from kept group by 1, 2, 3 order by 1, 2, 3
on conflict (start, carrier, warehouse) do update set shipped = r.shipped + excluded.shipped, units = r.units + excluded.units;

-- name: parcels_delivered(events, zone) :exec
with came as (
    update fact_parcel p set delivered_at = coalesce(d.delivered_at, e.time)
    from json_to_recordset(:events::json) as e(aggregate_id uuid, time timestamptz, data json),
        json_to_record(e.data) as d(delivered_at timestamptz)
    where p.shipment_id = e.aggregate_id and p.delivered_at is null
      and p.shipment_id = any(array(select aggregate_id from json_to_recordset(:events::json) as a(aggregate_id uuid)))
    returning p.delivered_at, p.carrier, p.warehouse
)
insert into parcel_rollup as r (start, carrier, warehouse, shipped, units, delivered)
select date_trunc('day', delivered_at, :zone), carrier, warehouse, 0, 0, count(*) from came group by 1, 2, 3 order by 1, 2, 3
on conflict (start, carrier, warehouse) do update set delivered = r.delivered + excluded.delivered;

-- name: tickets_moved(events) :exec
insert into fact_ticket as t (ticket_id, opened_at, answered_at, solved_at)
select aggregate_id, min(time), min(time) filter (where type = 'support.ticket.answered'),
    min(time) filter (where type = 'support.ticket.solved')
from json_to_recordset(:events::json) as e(type text, aggregate_id uuid, time timestamptz)
group by aggregate_id order by aggregate_id
on conflict (ticket_id) do update set opened_at = least(t.opened_at, excluded.opened_at),
    answered_at = coalesce(t.answered_at, excluded.answered_at), solved_at = coalesce(t.solved_at, excluded.solved_at);

-- name: surveys_moved(events) :exec
insert into fact_survey as s (survey_id, sent_at, answered_at, score)
select aggregate_id, min(time), min(time) filter (where type = 'support.survey.answered'),
    min((case when e.data->>'score' ~ '^[0-9]{1,2}$' then e.data->>'score' end)::int) filter (where type = 'support.survey.answered')
from json_to_recordset(:events::json) as e(type text, aggregate_id uuid, time timestamptz, data json)
group by aggregate_id order by aggregate_id
on conflict (survey_id) do update set sent_at = least(s.sent_at, excluded.sent_at),
    answered_at = coalesce(s.answered_at, excluded.answered_at), score = coalesce(s.score, excluded.score);
