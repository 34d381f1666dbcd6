-- The state of each consumer, and its last replay from the producer's event log (docs/adr/0021-replay-of-one-consumer.md): from
-- position `first` on, done up to `position`.
create table consumer (
    name        text primary key,
    paused      boolean not null default false,
    replaying   boolean not null default false,
    mode        text,
    since       timestamptz,
    first       bigint,
    position    bigint,
    head        bigint,
    barrier     bigint,
    actor       text,
    started_at  timestamptz,
    finished_at timestamptz,
    constraint consumer_mode check (mode in ('missing', 'all'))
);
insert into consumer (name) select distinct consumer from inbox_cursor;
