-- How many events of which kind came, by their day: heard = booked + aside, or something was lost.
create table intake_rollup (
    start  timestamptz not null,
    type   text not null,
    heard  bigint not null,
    booked bigint not null,
    aside  bigint not null,
    primary key (start, type)
) with (fillfactor = 70);

insert into intake_rollup (start, type, heard, booked, aside)
select date_trunc('day', a.at, f.zone), a.type, count(*), count(*) - count(q.id), count(q.id)
from figures f, archive a left join quarantine q on q.id = a.id group by 1, 2;

-- What an order's later events say, when it is mended.
create index archive_of_order on archive (aggregate_id) where aggregate = 'order';

-- What was set aside and made good by a person: who, why, and what it says now. The archive keeps both.
create table mend (
    id            uuid primary key,
    quarantine_id uuid not null,
    type          text not null,
    about         text not null,
    reason        text not null,
    data          json not null,
    made_by       text not null,
    version       int not null default 1,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now()
);

create view mend_json as
select m.id, m.version, m.created_at, m.about,
    json_build_object('id', m.id, 'quarantine_id', m.quarantine_id, 'type', m.type, 'about', m.about, 'reason', m.reason,
        'data', m.data, 'made_by', m.made_by, 'created_at', m.created_at) as doc
from mend m;

create view mend_event as select id, doc, null::json as private from mend_json;
