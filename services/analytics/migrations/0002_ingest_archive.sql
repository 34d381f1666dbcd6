-- Every event that was received, kept for good without personal data: streams keep events for days only, and
-- every fact and figure can be made again from this table alone. Append-only; `no` is the order of ingestion,
-- which a rebuild reads by, so that the table can be partitioned by ranges of it.
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

-- The later events of an order, when one is corrected.
create index archive_of_order on archive (aggregate_id) where aggregate = 'order';

create function archive_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the archive is append-only' using errcode = '42501';
end $$;
create trigger archive_unchanged before update or delete on archive for each row execute function archive_is_append_only();

-- Columns that no query searches by need no statistics while the archive grows (common 0008).
alter table archive alter no set statistics 20, alter id set statistics 0, alter type set statistics 20, alter aggregate set statistics 20,
    alter aggregate_id set statistics 20, alter version set statistics 20, alter at set statistics 20, alter country set statistics 0,
    alter data set statistics 0;

-- The time zone of the hours and days of all facts. Another one takes effect with a rebuild.
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
    updated_at  timestamptz not null default now(),
    constraint rebuild_status check (status = any ('{running,done}'))
);
create unique index rebuild_one_at_a_time on rebuild (status) where status = 'running';

create view rebuild_json as
select r.id, r.status, r.version, r.started_at,
    json_build_object('id', r.id, 'status', r.status, 'applied', r.applied, 'total', r.total,
        'percent', case when r.status = 'done' or r.total = 0 then 100 else least(99, r.applied * 100 / r.total) end,
        'time_zone', r.zone, 'started_by', r.started_by, 'started_at', r.started_at, 'finished_at', r.finished_at) as doc
from rebuild r;

create view rebuild_event as select id, doc, null::json as private from rebuild_json;

create function shop_zone(otherwise text) returns text language sql stable as $$
    select coalesce((select zone from figures), otherwise)
$$;

-- Events with impossible values, with the reasons. They are neither counted nor dropped.
create table quarantine (
    id       uuid primary key,
    type     text not null,
    order_id uuid not null,
    number   text,
    reasons  text[] not null,
    at       timestamptz not null,
    data     json not null
);
create index quarantine_at on quarantine (at, id);

-- How many events of each type were received, by their day. received = booked + quarantined, or something was
-- lost.
create table ingest_rollup (
    start       timestamptz not null,
    type        text not null,
    received    bigint not null,
    booked      bigint not null,
    quarantined bigint not null,
    primary key (start, type)
) with (fillfactor = 70);

-- Corrections of quarantined events: who, why, and the corrected data. The archive keeps both versions.
create table correction (
    id            uuid primary key,
    quarantine_id uuid not null,
    type          text not null,
    order_id      uuid not null,
    reason        text not null,
    data          json not null,
    made_by       text not null,
    version       int not null default 1,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now()
);

create view correction_json as
select c.id, c.version, c.created_at, c.order_id,
    json_build_object('id', c.id, 'quarantine_id', c.quarantine_id, 'type', c.type, 'order_id', c.order_id, 'reason', c.reason,
        'data', c.data, 'made_by', c.made_by, 'created_at', c.created_at) as doc
from correction c;

create view correction_event as select id, doc, null::json as private from correction_json;

-- The figures of finished days as orders closed them, and the same as counted here. measures are {currency,
-- measure, expected, counted, difference}, as of checked_at; differences is the number of those that are not
-- 0.
create table reconciliation (
    day         text primary key,
    zone        text not null,
    since       timestamptz not null,
    until       timestamptz not null,
    as_of       timestamptz not null,
    figures     json not null,
    received_at timestamptz not null default now(),
    checked_at  timestamptz,
    differences int not null default 0,
    measures    json not null default '[]'
) with (fillfactor = 70);
create index reconciliation_received on reconciliation (received_at);
create index reconciliation_differs on reconciliation (day) where differences > 0;

create view reconciliation_json as
select r.day, r.differences > 0 as differs,
    json_build_object('day', r.day, 'time_zone', r.zone, 'as_of', r.as_of, 'checked_at', r.checked_at, 'differences', r.differences,
        'measures', r.measures) as doc
from reconciliation r;
