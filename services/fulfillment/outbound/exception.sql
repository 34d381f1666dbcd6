-- One open exception of a kind is enough for a shipment: what happens again is in the evidence.
-- name: exception_insert(id, kind, shipment_id, detail, seconds int) :maybe id
insert into exception (id, kind, shipment_id, detail, due_at)
values (:id::uuid, :kind, :shipment_id::uuid, :detail, now() + :seconds::bigint * interval '1 second')
on conflict (shipment_id, kind) where status = 'open' do nothing
returning id;

-- name: exception_resolved(id, resolution, actor) :exec
update exception set resolution = :resolution, resolved_by = :actor, resolved_at = now() where id = :id::uuid;

-- name: exception_assigned(id, owner) :exec
update exception set owner = :owner where id = :id::uuid;

-- The open ones of some kinds (all: null) on these shipments are over.
-- name: exceptions_settle(shipments, kinds, resolution, actor) :row settled
with settled as (
    update exception set status = 'resolved', resolution = :resolution, resolved_by = :actor, resolved_at = now()
    where shipment_id = any(:shipments::uuid[]) and status = 'open'
      and (:kinds::text[] is null or kind = any(:kinds::text[]))
    returning id
)
select coalesce(array_agg(id), '{}')::text from settled;

-- The parcel under way whose silence an exception was about.
-- name: exception_silent_parcel(id) :maybe shipment_id
select s.id from exception e join shipment s on s.id = e.shipment_id
where e.id = :id::uuid and e.kind = 'no_movement' and s.status = 'shipped';
