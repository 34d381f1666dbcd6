-- name: import_open(id, kind, format, policy, dry_run bool, actor) :exec
insert into import_job (id, kind, format, policy, dry_run, actor)
values (:id::uuid, :kind, :format, :policy, :dry_run::boolean, :actor);

-- name: import_lock(id) :row kind, status
select kind, status from import_job where id = :id::uuid for update;

-- The same part sent again takes the first one's place: it is the same, or the first was cut off.
-- name: import_part_put(id, no int, hex) :exec
insert into import_part (job_id, no, bytes) values (:id::uuid, :no::int, decode(:hex, 'hex'))
on conflict (job_id, no) do update set bytes = excluded.bytes;

-- name: import_parts(id) :row parts int, last int
select count(*), coalesce(max(no), 0) from import_part where job_id = :id::uuid;

-- name: import_begin(id) :exec
with placed as (
    select no, octet_length(bytes) as length, sum(octet_length(bytes)) over (order by no) as ends from import_part
    where job_id = :id::uuid
), put as (
    update import_part p set starts = l.ends - l.length from placed l where p.job_id = :id::uuid and p.no = l.no
)
update import_job set status = 'running', started_at = now(), parts = (select count(*) from placed),
    bytes = (select coalesce(max(ends), 0) from placed)
where id = :id::uuid;

-- name: import_cancel(id) :exec
update import_job set status = 'cancelled', finished_at = now() where id = :id::uuid;

-- name: import_look(id) :row kind, last int
select kind, coalesce((select max(row_no) from import_refused where job_id = j.id), 0) from import_job j where id = :id::uuid;
