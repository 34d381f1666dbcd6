-- Seconds spent in every stage by the orders of a window; those still in a stage are not in its figures, but counted as waiting.
-- name: stages(from, to, zone) :json
with span as materialized (
    select zone, :from::date::timestamp at time zone zone as f, :to::date::timestamp at time zone zone as t
    from (select shop_zone(:zone) as zone) z
), stage as (
    select s.place, s.name, s.began, s.ended, o.cancelled_at
    from span w join fact_order o on o.hour >= w.f and o.hour < w.t,
        lateral (values (1, 'placed_to_confirmed', o.entered_at, o.confirmed_at), (2, 'confirmed_to_shipped', o.confirmed_at, o.shipped_at),
            (3, 'shipped_to_delivered', o.shipped_at, o.delivered_at), (4, 'placed_to_delivered', o.entered_at, o.delivered_at))
            s(place, name, began, ended)
), figure as (
    select place, name, count(*) filter (where ended is not null) as count,
        count(*) filter (where ended is null and cancelled_at is null) as waiting,
        percentile_disc(array[0.5, 0.9, 0.99]) within group (order by round(extract(epoch from ended - began), 3)) as p
    from stage where began is not null group by place, name
)
select case when exists (select from rebuild where status = 'running') then null else json_build_object(
    'data', coalesce((select json_agg(json_build_object('stage', name, 'count', count, 'waiting', waiting, 'p50', p[1], 'p90', p[2],
        'p99', p[3]) order by place) from figure), '[]'),
    'unit', 'seconds', 'from', :from, 'to', :to, 'time_zone', w.zone, 'as_of', (select max(at) from archive)) end
from span w;
