-- What orders say of finished days, and what is counted here of the same: measures are {currency, measure, claimed, counted,
-- difference}, as of checked_at; differences are those that are not 0.
create table reconciliation (
    day         text primary key,
    zone        text not null,
    since       timestamptz not null,
    until       timestamptz not null,
    as_of       timestamptz not null,
    figures     json not null,
    heard_at    timestamptz not null default now(),
    checked_at  timestamptz,
    differences int not null default 0,
    measures    json not null default '[]'
) with (fillfactor = 70);
create index reconciliation_heard on reconciliation (heard_at);
create index reconciliation_differs on reconciliation (day) where differences > 0;

create view reconciliation_json as
select r.day, r.differences > 0 as differs,
    json_build_object('day', r.day, 'time_zone', r.zone, 'as_of', r.as_of, 'checked_at', r.checked_at, 'differences', r.differences,
        'measures', r.measures) as doc
from reconciliation r;
