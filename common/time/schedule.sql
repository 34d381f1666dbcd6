-- name: schedule_now(zone) :row minute int, hour int, day int, month int, weekday int, slot
select extract(minute from l)::int, extract(hour from l)::int, extract(day from l)::int, extract(month from l)::int,
    extract(dow from l)::int, to_json(date_trunc('minute', now()))#>>'{}'
from (select now() at time zone :zone as l) t;

-- name: schedule_take(name, slot) :count
insert into schedule_slot (name, slot) values (:name, :slot::timestamptz) on conflict do nothing;
