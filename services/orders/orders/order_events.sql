-- Orders are always locked in the order of their ids.
-- name: news_lock(events) :exec
select from orders where id in (select (e ->> 'order_id')::uuid from json_array_elements(:events::json) e)
order by id for no key update;

-- The last of each reservation's news counts: it says the whole state. A part taken leaves the status as it is. Raises the version,
-- too: another update of the row would write all its indexes once more.
-- name: reservations_note(events) :row ids
with news as (
    select distinct on (e.order_id) e.order_id, coalesce(e.allocation, '[]') as allocation,
        case split_part(e.event_type, '.', 3) when 'held' then 'reserved' when 'partial' then 'partial'
            when 'short' then 'backordered' when 'released' then 'released'
            when 'taken' then case when not exists (
                select 1 from json_to_recordset(coalesce(e.lines, '[]')) as l(quantity bigint, taken bigint)
                where l.taken < l.quantity) then 'taken' end end as stock_status
    from rows from (json_to_recordset(:events::json) as (order_id uuid, event_type text, lines json, allocation json))
        with ordinality as e (order_id, event_type, lines, allocation, place)
    where split_part(e.event_type, '.', 3) in ('held', 'partial', 'short', 'released', 'taken')
    order by e.order_id, e.place desc
), changed as (
    update orders o set stock_status = coalesce(n.stock_status, o.stock_status), allocation = n.allocation,
        version = o.version + 1, updated_at = now()
    from news n
    where o.id = n.order_id
      and (o.stock_status <> coalesce(n.stock_status, o.stock_status) or o.allocation::text <> n.allocation::text)
    returning o.id
)
select array_agg(id)::text from changed;

-- The last of each shipment's news. Gives the orders that are concerned, those whose visible parcels changed, and
-- those whose cancelling was refused.
-- name: parcels_note(events) :row ids, visible, refused
with news as (
    select e.*, o.id as known
    from rows from (json_to_recordset(:events::json) as (id uuid, order_id uuid, number text, status text, warehouse text,
        carrier text, tracking_number text, lines json, shipped_at timestamptz, delivered_at timestamptz, event_type text))
        with ordinality as e (id, order_id, number, status, warehouse, carrier, tracking_number, lines, shipped_at,
            delivered_at, event_type, place)
    join orders o on o.id = e.order_id
), last as (
    select distinct on (id) * from news where status is not null order by id, place desc
), noted as (
    insert into parcel (id, order_id, number, status, warehouse, carrier, tracking_number, units, lines, shipped_at,
        delivered_at)
    select id, order_id, number, status, warehouse, carrier, tracking_number,
        coalesce((select sum((l ->> 'quantity')::bigint) from json_array_elements(lines) l), 0), coalesce(lines, '[]'),
        shipped_at, delivered_at
    from last order by id
    on conflict (id) do update set status = excluded.status, carrier = excluded.carrier, lines = excluded.lines,
        tracking_number = excluded.tracking_number, units = excluded.units, shipped_at = excluded.shipped_at,
        delivered_at = excluded.delivered_at
    returning order_id, status
)
select (select array_agg(distinct order_id)::text from noted),
    (select array_agg(distinct order_id)::text from noted where status in ('shipped', 'delivered')),
    (select array_agg(distinct order_id)::text from news where event_type = 'fulfillment.shipment.cancel_refused');

-- Where the parcels of these orders have got to. An order without stocked units has a parcel all the same.
-- name: parcels_progress(ids) :row shipped, delivered, voided
with sums as (
    select o.id, o.stocked_units, count(*) filter (where p.status <> 'voided') as alive,
        count(*) filter (where p.status in ('shipped', 'delivered')) as gone,
        coalesce(sum(p.units) filter (where p.status in ('shipped', 'delivered')), 0) as gone_units,
        count(*) filter (where p.status = 'delivered') as there,
        coalesce(sum(p.units) filter (where p.status = 'delivered'), 0) as there_units
    from orders o join parcel p on p.order_id = o.id
    where o.id = any(:ids::uuid[]) group by o.id
)
select array_agg(id) filter (where gone > 0 and gone_units >= stocked_units)::text,
    array_agg(id) filter (where there > 0 and there_units >= stocked_units)::text,
    array_agg(id) filter (where alive = 0)::text
from sums;

-- name: ids_left(ids, without, and_without) :row ids
select nullif(array(select unnest(:ids::uuid[]) except select unnest(:without::uuid[])
    except select unnest(:and_without::uuid[])), '{}')::text;
