-- Everyone who changes figures shares this lock until the commit; refunds and rebuilds hold it alone.
-- name: figures_shared() :exec
select pg_advisory_xact_lock_shared(hashtext('analytics'), hashtext('figures'));

-- name: figures_alone() :exec
select pg_advisory_xact_lock(hashtext('analytics'), hashtext('figures'));

-- name: figures_begin(zone) :exec
insert into figures (zone) values (:zone) on conflict do nothing;

-- name: figures_state() :row zone, rebuilding bool
select zone, exists (select from rebuild where status = 'running') from figures;

-- A batch may hold an aggregate's events out of order: a rebuild must meet them in order.
-- name: archive_add(events) :exec
insert into archive (id, type, aggregate, aggregate_id, version, at, country, data)
select id, type, aggregate, aggregate_id, version, time, country, data
from json_to_recordset(:events::json) as e(id uuid, type text, aggregate text, aggregate_id text, version int, time timestamptz,
    country text, data json)
order by version
on conflict (id) do nothing;

-- One row a day and type. Orders and refunds are booked when there is a fact of this very event; all others say how those went on.
-- name: intake_count(heads, zone) :exec
insert into intake_rollup as r (start, type, heard, booked, aside)
select date_trunc('day', e.time, :zone), e.type, count(*), count(*) filter (where case e.type when 'orders.order.placed' then
        o.order_id is not null when 'orders.refund.paid' then f.refund_id is not null else true end), count(q.id)
from json_to_recordset(:heads::json) as e(id uuid, type text, time timestamptz, aggregate_id uuid)
    left join lateral (select order_id from fact_order o where e.type = 'orders.order.placed' and o.order_id = e.aggregate_id
    and o.event_id = e.id limit 1) o on true
    left join lateral (select refund_id from fact_refund f where e.type = 'orders.refund.paid' and f.refund_id = e.aggregate_id
    and f.event_id = e.id limit 1) f on true
    left join lateral (select id from quarantine q where q.id = e.id limit 1) q on true
where e.type <> 'analytics.mend.made'
group by 1, 2 order by 1, 2
on conflict (start, type) do update set heard = r.heard + excluded.heard, booked = r.booked + excluded.booked,
    aside = r.aside + excluded.aside;
