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
