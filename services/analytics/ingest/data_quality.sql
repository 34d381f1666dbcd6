-- Counts of events received, booked and quarantined. A refund whose order is not known counts as quarantined until the order comes.
-- unexplained is 0, or something was lost.
-- name: quality(from, to, zone) :json
with chosen as materialized (
    select zone, :from::date::timestamp at time zone zone as f, :to::date::timestamp at time zone zone as t
    from (select shop_zone(:zone) as zone) a
), waiting as (
    select count(*) as number from chosen c, fact_refund r join archive a on a.id = r.event_id
    where r.state = 'waiting' and a.at >= c.f and a.at < c.t
), intake as (
    select r.type, sum(received) as received, sum(booked) - coalesce(max(w.number), 0) as booked, sum(quarantined) + coalesce(max(w.number), 0) as quarantined
    from chosen c join ingest_rollup r on r.start >= c.f and r.start < c.t left join waiting w on r.type = 'orders.refund.paid'
    group by r.type
), reason as (
    select r.reason, count(*) as rows from chosen c join quarantine q on q.at >= c.f and q.at < c.t, unnest(q.reasons) r(reason) group by 1
    union all select 'refund.unknown_order', number from waiting where number > 0
), line as (
    select type, json_build_object('received', received, 'booked', booked, 'quarantined', quarantined, 'unexplained', received - booked - quarantined,
        'completeness', round(booked / nullif(received, 0), 4)) as doc
    from (select type, received, booked, quarantined from intake
        union all select null, coalesce(sum(received), 0), coalesce(sum(booked), 0), coalesce(sum(quarantined), 0) from intake) i
)
select case when exists (select from rebuild where status = 'running') then null else json_build_object(
    'data', (select coalesce(json_agg(json_join(json_build_object('type', type), doc) order by type), '[]') from line where type is not null),
    'totals', (select doc from line where type is null),
    'reasons', (select coalesce(json_agg(json_build_object('reason', reason, 'rows', rows) order by reason), '[]') from reason),
    'corrected', (select count(*) from correction m join archive a on a.id = m.quarantine_id where a.at >= c.f and a.at < c.t),
    'dead_letters', (select count(*) from dead_letter where state = 'open'),
    'from', :from, 'to', :to, 'time_zone', c.zone, 'as_of', (select max(at) from archive)) end
from chosen c;
