-- What was heard, kept for good without personal data: the streams forget after days, and every fact and figure here
-- can be made again from this table alone. Append-only; `no` is the order of intake, and what a rebuild reads by, so
-- the table can be partitioned by ranges of it.
create table archive (
    no           bigint generated always as identity primary key,
    id           uuid not null unique,
    type         text not null,
    aggregate    text not null,
    aggregate_id text not null,
    version      int not null,
    at           timestamptz not null,
    country      text,
    data         json not null
);
create index archive_at on archive (at);

create function archive_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the archive is append-only' using errcode = '42501';
end $$;
create trigger archive_unchanged before update or delete on archive for each row execute function archive_is_append_only();

-- The time zone that hours and days of all facts are in. Another one is taken up by a rebuild.
create table figures (
    one  boolean primary key default true check (one),
    zone text not null
);

create table rebuild (
    id          uuid primary key,
    status      text not null default 'running',
    read_to     bigint not null default 0,
    applied     bigint not null default 0,
    total       bigint not null,
    zone        text not null,
    started_by  text not null,
    started_at  timestamptz not null default now(),
    finished_at timestamptz,
    version     int not null default 1,
    updated_at  timestamptz not null default now()
);
create unique index rebuild_one_at_a_time on rebuild (status) where status = 'running';

create view rebuild_json as
select r.id, r.status, r.version, r.started_at,
    json_build_object('id', r.id, 'status', r.status, 'applied', r.applied, 'total', r.total,
        'percent', case when r.status = 'done' or r.total = 0 then 100 else least(99, r.applied * 100 / r.total) end,
        'time_zone', r.zone, 'started_by', r.started_by, 'started_at', r.started_at, 'finished_at', r.finished_at) as doc
from rebuild r;

create view rebuild_event as select id, doc, null::json as private from rebuild_json;

-- Impossible values, set aside with the reasons instead of being counted or dropped.
create table quarantine (
    id      uuid primary key,
    type    text not null,
    about   text not null,
    number  text,
    reasons text[] not null,
    at      timestamptz not null,
    data    json not null
);
create index quarantine_at on quarantine (at, id);
