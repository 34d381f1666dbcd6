-- Everyone who changes figures shares this lock until the commit; refunds and rebuilds hold it alone.
-- name: figures_shared() :exec
select pg_advisory_xact_lock_shared(hashtext('analytics'), hashtext('figures'));

-- name: figures_alone() :exec
select pg_advisory_xact_lock(hashtext('analytics'), hashtext('figures'));

-- name: figures_begin(zone) :exec
insert into figures (zone) values (:zone) on conflict do nothing;

-- name: figures_state() :row zone, rebuilding bool
select zone, exists (select from rebuild where status = 'running') from figures;

-- name: figures_busy() :row rebuilding bool
select exists (select from rebuild where status = 'running');

-- A batch may hold an aggregate's events out of order: a rebuild must meet them in order.
-- name: archive_add(events) :exec
insert into archive (id, type, aggregate, aggregate_id, version, at, country, data)
select id, type, aggregate, aggregate_id, version, time, country, data
from json_to_recordset(:events::json) as e(id uuid, type text, aggregate text, aggregate_id text, version int, time timestamptz,
    country text, data json)
order by version
on conflict (id) do nothing;

-- name: archive_read(after int, count int) :rows no int, event
select no, json_build_object('id', id, 'type', type, 'aggregate', aggregate, 'aggregate_id', aggregate_id, 'version', version,
    'time', at, 'country', country, 'data', data)
from archive where no > :after::bigint order by no limit :count::int;

-- name: rebuild_begin(id, zone, actor) :exec
insert into rebuild (id, zone, total, started_by) select :id::uuid, :zone, count(*), :actor from archive;

-- Who reads keeps his tables, and who comes then waits behind whoever wants to empty them: so not for long. It is tried again.
-- name: readers_first() :exec
select set_config('lock_timeout', '300ms', true);

-- name: figures_forget() :exec
truncate fact_order, fact_line, fact_refund, fact_return, sales_rollup, customer, cohort_member, cohort_rollup, sku, fact_move, stock,
    fact_parcel, parcel_rollup, fact_ticket, fact_survey, quarantine, intake_rollup, figures;

-- name: rebuild_lock(id) :row status, zone, read_to int
select status, zone, read_to from rebuild where id = :id::uuid for update;

-- name: rebuild_progress(id, read_to int, count int) :exec
update rebuild set read_to = :read_to::bigint, applied = applied + :count::bigint where id = :id::uuid;

-- name: rebuild_done(id) :exec
update rebuild set status = 'done', finished_at = now() where id = :id::uuid;
