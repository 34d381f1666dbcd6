-- What orders erased has ended: nothing of it is still to be brought.
-- name: shipments_erase(orders) :row ids
with asked as (
    select s.id from shipment s where s.order_id in (select id from json_to_recordset(:orders::json) as o(id uuid))
    order by s.id for no key update
), erased as (
    update shipment s set private = null from asked where s.id = asked.id returning s.id
), tracking as (
    update tracking_event set note = null where shipment_id in (select id from asked) and note is not null
), exceptions as (
    update exception set resolution = '(erased)' where shipment_id in (select id from asked) and resolution is not null
)
select coalesce(array_agg(id), '{}')::text from erased;

-- name: dead_orders_forget(orders) :exec
update dead_letter set body = (body::jsonb - 'private')::text
where event_id is not null and aggregate_id in (select id::text from json_to_recordset(:orders::json) as o(id uuid));
