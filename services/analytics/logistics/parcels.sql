-- name: parcels(cut, from, to, zone) :json
with span as materialized (
    select zone, :from::date::timestamp at time zone zone as f, :to::date::timestamp at time zone zone as t
    from (select shop_zone(:zone) as zone) z
), figure as (
    select case :cut when 'carrier' then r.carrier when 'warehouse' then r.warehouse
            else to_char(r.start at time zone w.zone, 'YYYY-MM-DD') end as key,
        sum(shipped) as shipped, sum(units) as units, sum(delivered) as delivered
    from span w join parcel_rollup r on r.start >= w.f and r.start < w.t group by 1
)
select case when exists (select from rebuild where status = 'running') then null else json_build_object(
    'data', coalesce((select json_agg(json_build_object('key', key, 'shipped', shipped, 'units', units, 'delivered', delivered)
        order by key) from figure), '[]'),
    'totals', (select json_build_object('shipped', coalesce(sum(shipped), 0), 'units', coalesce(sum(units), 0),
        'delivered', coalesce(sum(delivered), 0)) from figure),
    'from', :from, 'to', :to, 'by', :cut, 'time_zone', w.zone, 'as_of', (select max(at) from archive)) end
from span w;

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
