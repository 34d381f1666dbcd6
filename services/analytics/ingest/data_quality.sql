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

-- Is everything counted? A refund whose order nobody told of is set aside, too, until it comes. unexplained is 0, or something is lost.
-- name: quality(from, to, zone) :json
with chosen as materialized (
    select zone, :from::date::timestamp at time zone zone as f, :to::date::timestamp at time zone zone as t
    from (select shop_zone(:zone) as zone) a
), waiting as (
    select count(*) as number from chosen c, fact_refund r join archive a on a.id = r.event_id
    where r.state = 'waiting' and a.at >= c.f and a.at < c.t
), intake as (
    select r.type, sum(heard) as heard, sum(booked) - coalesce(max(w.number), 0) as booked, sum(aside) + coalesce(max(w.number), 0) as aside
    from chosen c join intake_rollup r on r.start >= c.f and r.start < c.t left join waiting w on r.type = 'orders.refund.paid'
    group by r.type
), reason as (
    select r.reason, count(*) as rows from chosen c join quarantine q on q.at >= c.f and q.at < c.t, unnest(q.reasons) r(reason) group by 1
    union all select 'refund.unknown_order', number from waiting where number > 0
), line as (
    select type, json_build_object('heard', heard, 'booked', booked, 'set_aside', aside, 'unexplained', heard - booked - aside,
        'completeness', round(booked / nullif(heard, 0), 4)) as doc
    from (select type, heard, booked, aside from intake
        union all select null, coalesce(sum(heard), 0), coalesce(sum(booked), 0), coalesce(sum(aside), 0) from intake) i
)
select case when exists (select from rebuild where status = 'running') then null else json_build_object(
    'data', (select coalesce(json_agg(json_join(json_build_object('type', type), doc) order by type), '[]') from line where type is not null),
    'totals', (select doc from line where type is null),
    'reasons', (select coalesce(json_agg(json_build_object('reason', reason, 'rows', rows) order by reason), '[]') from reason),
    'mended', (select count(*) from mend m join archive a on a.id = m.quarantine_id where a.at >= c.f and a.at < c.t),
    'dead_letters', (select count(*) from dead_letter where state = 'open'),
    'from', :from, 'to', :to, 'time_zone', c.zone, 'as_of', (select max(at) from archive)) end
from chosen c;

-- What a row that was set aside would say with the changes, and what is still impossible in it.
-- name: quarantine_mended(id, changes) :maybe type, about, data, fault
select q.type, q.about, m.data, array_to_string(case q.type when 'orders.order.placed' then order_faults(m.data, q.at)
    else refund_faults(m.data, q.at) || return_faults(m.data) end, ' ')
from quarantine q, lateral (select (q.data::jsonb || :changes::jsonb)::json as data) m where q.id = :id::uuid;

-- name: mend_add(id, quarantine_id, type, about, reason, data, actor) :exec
insert into mend (id, quarantine_id, type, about, reason, data, made_by)
values (:id::uuid, :quarantine_id::uuid, :type, :about, :reason, :data::json, :actor);

-- name: mend_archive(id) :json
with kept as (
    insert into archive (id, type, aggregate, aggregate_id, version, at, data)
    select id, 'analytics.mend.made', 'mend', id, 1, created_at, json_build_object('quarantine_id', quarantine_id, 'data', data)
    from mend where id = :id::uuid
    returning *
)
select json_build_array(json_build_object('id', id, 'type', type, 'aggregate', aggregate, 'aggregate_id', aggregate_id,
    'version', version, 'time', at, 'country', country, 'data', data)) from kept;

-- As if it had never been heard: it comes again now, mended.
-- name: quarantine_take(mends, zone) :rows id
with taken as (
    delete from quarantine q using json_to_recordset(:mends::json) as e(data json)
    where q.id = (e.data->>'quarantine_id')::uuid
    returning q.id, q.type, q.at
), change as (
    select date_trunc('day', at, :zone) as start, type, count(*) as number from taken group by 1, 2
), less as (
    update intake_rollup r set heard = r.heard - c.number, aside = r.aside - c.number from change c
    where r.start = c.start and r.type = c.type
)
select id from taken order by id;

-- The mended events, and all that was told of their orders.
-- name: mended_events(mends, taken) :rows mended bool, event
with mended as (
    select a.*, e.data->'data' as said from json_to_recordset(:mends::json) as e(data json) join archive a on a.id = (e.data->>'quarantine_id')::uuid
    where a.id in (select t.id::uuid from json_array_elements_text(:taken::json) t(id))
), event as (
    select true as mended, id, type, aggregate, aggregate_id, version, at, country, said as data from mended
    union all
    select false, a.id, a.type, a.aggregate, a.aggregate_id, a.version, a.at, a.country, a.data
    from mended m join archive a on a.aggregate = 'order' and a.aggregate_id = m.aggregate_id and a.id <> m.id
    where m.aggregate = 'order'
)
select mended, json_build_object('id', id, 'type', type, 'aggregate', aggregate, 'aggregate_id', aggregate_id, 'version', version,
    'time', at, 'country', country, 'data', data)
from event order by aggregate_id, version;
