-- One task a parcel, whatever is heard twice; due so long after it was shipped.
-- name: task_follow_up(events, seconds int) :row ids, deadlines
with made as (
    insert into task (kind, order_id, shipment_id, due_at, created_by)
    select 'follow_up', e.order_id, e.id, e.event_time + :seconds::bigint * interval '1 second', 'support'
    from json_to_recordset(:events::json) as e(id uuid, order_id uuid, event_time timestamptz)
    on conflict (shipment_id) where kind = 'follow_up' do nothing
    returning id, due_at
)
select coalesce(array_agg(id), '{}')::text, coalesce(json_agg(json_build_object('id', id, 'due_at', due_at)), '[]') from made;

-- name: task_insert(id, kind, order_id, shipment_id, owner, due_at, note, actor) :exec
insert into task (id, kind, order_id, shipment_id, owner, status, due_at, note, created_by)
values (:id::uuid, :kind, :order_id::uuid, :shipment_id::uuid, :owner, case when :owner::text is null then 'open' else 'assigned' end,
    :due_at::timestamptz, :note, :actor);

-- name: task_assigned(id, owner) :exec
update task set owner = :owner where id = :id::uuid;

-- name: task_done(id, outcome, actor) :exec
update task set outcome = :outcome, completed_at = now(), completed_by = :actor, owner = coalesce(owner, :actor)
where id = :id::uuid;

-- A second call: about the same, by the same, later.
-- name: task_again(id, first, due_at, actor) :exec
insert into task (id, kind, order_id, shipment_id, owner, status, due_at, note, created_by)
select :id::uuid, 'second_call', order_id, shipment_id, owner, 'assigned', :due_at::timestamptz, note, :actor
from task where id = :first::uuid;

-- name: task_late(id) :count
update task set overdue = true where id = :id::uuid and status <> 'done' and not overdue;
