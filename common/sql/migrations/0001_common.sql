-- What every service's schema has: the event log, the inbox, idempotency, deadlines and schedules.

-- RFC 9562, 5.7: 48 bits of Unix milliseconds, then random.
create function uuid_v7() returns uuid language sql volatile parallel safe as $$
    select encode(overlay(overlay(uuid_send(gen_random_uuid())
        placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6)
        placing set_byte('\x00'::bytea, 0, 112 + (get_byte(uuid_send(gen_random_uuid()), 0) & 15)) from 7 for 1),
        'hex')::uuid
$$;

create table secret (name text primary key, value text not null);
insert into secret values ('cursor', replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''));

-- Outbox, audit, timeline, feed and archive in one. `no` is the order of writing: rising for one aggregate, because
-- its row is locked first. The relay gives position (gapless), hash, and where in which stream it was published.
create table event (
    no           bigint generated always as identity primary key,
    id           uuid not null default uuid_v7(),
    type         text not null,
    aggregate    text not null,
    aggregate_id text not null,
    version      int not null,
    at           timestamptz not null default now(),
    actor        text not null,
    trace        text not null,
    data         json not null,
    private      json,
    position     bigint,
    hash         bytea,
    epoch        text,
    seq          bigint,
    constraint event_version_once unique (aggregate, aggregate_id, version),
    constraint event_too_large check (octet_length(data::text) <= 65536)
);
create unique index event_id on event (id);
create unique index event_position on event (position) where position is not null;
create index event_unpublished on event (no) where seq is null;

create function event_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the event log is append-only' using errcode = '42501';
end $$;
create trigger event_unchanged before update of no, id, type, aggregate, aggregate_id, version, at, actor, trace, data
    on event for each row execute function event_is_append_only();
create trigger event_undeleted before delete on event for each row execute function event_is_append_only();

create table inbox (
    consumer   text not null,
    event_id   uuid not null,
    applied_at timestamptz not null default now(),
    primary key (consumer, event_id)
);

-- The last version of each aggregate that a consumer has applied: small, and kept for ever.
create table inbox_cursor (
    consumer     text not null,
    aggregate    text not null,
    aggregate_id text not null,
    version      int not null,
    primary key (consumer, aggregate, aggregate_id)
);

create table dead_letter (
    id           uuid primary key default uuid_v7(),
    consumer     text not null,
    event_id     uuid,
    type         text,
    aggregate_id text,
    version      int,
    code         text not null,
    detail       text not null,
    body         text not null,
    at           timestamptz not null default now(),
    state        text not null default 'open',
    closed_at    timestamptz,
    closed_by    text,
    reason       text,
    constraint dead_letter_once unique (consumer, event_id)
);

create table idempotency (
    principal  text not null,
    route      text not null,
    key        text not null,
    digest     text not null,
    status     int not null,
    body       text not null,
    etag       text,
    location   text,
    created_at timestamptz not null default now(),
    primary key (principal, route, key)
);
create index idempotency_age on idempotency (created_at);

create table deadline (
    id           uuid primary key default uuid_v7(),
    kind         text not null,
    aggregate_id text not null,
    due_at       timestamptz not null,
    state        text not null default 'open',
    attempts     int not null default 0,
    closed_at    timestamptz,
    constraint deadline_once unique (kind, aggregate_id)
);
create index deadline_due on deadline (due_at) where state = 'open';

create table schedule_slot (
    name   text not null,
    slot   timestamptz not null,
    run_at timestamptz not null default now(),
    primary key (name, slot)
);
