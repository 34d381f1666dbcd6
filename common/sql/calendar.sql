-- When the shop is open from today on, as moments: PostgreSQL knows the zone's offsets, summer time and all.
-- name: calendar_spans(zone, days int) :rows opens int, closes int
select extract(epoch from (d.day + h.opens) at time zone :zone)::bigint,
    extract(epoch from (d.day + h.closes) at time zone :zone)::bigint
from business_hours b
cross join lateral (select (now() at time zone :zone)::date + n as day from generate_series(0, :days::int) n) d
cross join lateral json_to_recordset(b.hours) as h(weekday int, opens time, closes time)
where b.name = 'shop' and h.weekday = extract(isodow from d.day)
  and not exists (select 1 from json_to_recordset(b.holidays) as f(day date) where f.day = d.day)
order by 1;

-- name: calendar_now() :row now int
select floor(extract(epoch from now()))::bigint;

-- name: calendar_replace(hours, holidays) :exec
update business_hours set hours = :hours::json, holidays = coalesce(:holidays::json, '[]') where name = 'shop';
