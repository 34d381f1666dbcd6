-- When the shop is open from today on, as moments: PostgreSQL knows the zone's offsets, summer time and all.
-- name: calendar_spans(zone, days int) :rows opens int, closes int
with b as (
    select hours, holidays from business_hours where name = 'shop'
), open as materialized (
    select h.weekday, h.opens, h.closes from b, json_to_recordset(b.hours) as h(weekday int, opens time, closes time)
), closed as materialized (
    select f.day from b, json_to_recordset(b.holidays) as f(day date)
)
select extract(epoch from (d.day + h.opens) at time zone :zone)::bigint,
    extract(epoch from (d.day + h.closes) at time zone :zone)::bigint
from (select (now() at time zone :zone)::date + n as day from generate_series(0, :days::int) n) d
join open h on h.weekday = extract(isodow from d.day)
where not exists (select 1 from closed where closed.day = d.day)
order by 1;

-- name: calendar_now() :row now int
select floor(extract(epoch from now()))::bigint;

-- name: calendar_replace(hours, holidays) :exec
update business_hours set hours = :hours::json, holidays = coalesce(:holidays::json, '[]') where name = 'shop';
