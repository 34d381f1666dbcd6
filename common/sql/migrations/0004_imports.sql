-- Files that were handed in: their rows become what a kind of the service makes of them (docs/adr/0011-imports-are-jobs.md).
-- read_to and row_no are the cursor: the byte up to which rows were dealt with, and how many those were.
create table import_job (
    id           uuid primary key,
    kind         text not null,
    format       text not null,
    policy       text not null,
    dry_run      boolean not null,
    status       text not null default 'open',
    actor        text not null,
    header       text,
    parts        int not null default 0,
    bytes        bigint not null default 0,
    read_to      bigint not null default 0,
    row_no       bigint not null default 0,
    rows_taken   bigint not null default 0,
    rows_known   bigint not null default 0,
    rows_refused bigint not null default 0,
    told         int not null default 0,
    fault        json,
    started_at   timestamptz,
    finished_at  timestamptz,
    version      int not null default 1,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    constraint import_status check (status in ('open', 'running', 'done', 'refused', 'failed', 'cancelled')),
    constraint import_format check (format in ('csv', 'ndjson')),
    constraint import_policy check (policy in ('reject_rows', 'reject_all')),
    constraint import_cursor check (read_to between 0 and bytes)
);
create index import_job_by_age on import_job (created_at, id);
create index import_job_running on import_job (started_at) where status = 'running';

-- The file as it came, cut anywhere; gone once it was dealt with. External: slices are read without the rest.
create table import_part (
    job_id uuid not null references import_job (id),
    no     int not null,
    starts bigint,
    bytes  bytea not null,
    primary key (job_id, no),
    constraint import_part_no check (no between 1 and 100000)
);
alter table import_part alter column bytes set storage external;

-- Rows that were refused, as they were, with every fault: to be mended and fed in again. They may hold personal data.
create table import_refused (
    job_id uuid not null references import_job (id),
    row_no bigint not null,
    data   text not null,
    is_row boolean not null,
    faults json not null,
    primary key (job_id, row_no)
);

create view import_json as
select j.id, j.version, j.status, j.kind, j.created_at,
    json_build_object('id', j.id, 'kind', j.kind, 'format', j.format, 'policy', j.policy, 'dry_run', j.dry_run,
        'status', j.status, 'actor', j.actor, 'parts', j.parts, 'bytes', j.bytes,
        'rows', json_build_object('read', j.row_no, 'taken', j.rows_taken, 'known', j.rows_known, 'refused', j.rows_refused),
        'percent', case when j.status = 'open' then 0 when j.bytes = 0 then 100 else j.read_to * 100 / j.bytes end,
        'rows_per_second', round(j.row_no / t.seconds)::bigint,
        'seconds_left', case when j.status = 'running' and j.read_to > 0
            then ceil((j.bytes - j.read_to) * t.seconds / j.read_to)::bigint end,
        'fault', j.fault, 'created_at', j.created_at, 'started_at', j.started_at, 'finished_at', j.finished_at) as doc
from import_job j
cross join lateral (select greatest(0.001,
    extract(epoch from coalesce(j.finished_at, clock_timestamp()) - j.started_at)) as seconds) t;

create view import_event as select id, doc, null::json as private from import_json;
