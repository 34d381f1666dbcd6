-- When people work: deadlines of human work run only then (X-9). One row; the zone is the shop's. Version 0: nobody
-- has announced it yet.
create table business_hours (
    name       text primary key,
    hours      json not null,
    holidays   json not null default '[]',
    version    int not null default 0,
    updated_at timestamptz not null default now()
);

insert into business_hours (name, hours)
select 'shop', json_agg(json_build_object('weekday', weekday, 'opens', '09:00', 'closes', '18:00') order by weekday)
from generate_series(1, 5) weekday;

create view business_hours_json as
select name, version, updated_at,
    json_build_object('name', name, 'hours', hours, 'holidays', holidays, 'updated_at', updated_at) as doc
from business_hours;

create view business_hours_event as select name as id, doc, null::json as private from business_hours_json;
