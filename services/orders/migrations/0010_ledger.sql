-- What orders say of a finished day, for others to hold their own figures against. Version 0: its first event is announced like
-- every later one.
create table ledger_day (
    day        text primary key,
    zone       text not null,
    since      timestamptz not null,
    until      timestamptz not null,
    as_of      timestamptz not null,
    figures    json not null,
    version    int not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create view ledger_json as
select l.day, l.version, l.updated_at,
    json_build_object('day', l.day, 'time_zone', l.zone, 'since', l.since, 'until', l.until, 'as_of', l.as_of, 'figures', l.figures,
        'version', l.version) as doc
from ledger_day l;

create view ledger_event as
select day as id, null::json as private,
    json_build_object('day', day, 'time_zone', zone, 'since', since, 'until', until, 'as_of', as_of, 'figures', figures) as doc
from ledger_day;
