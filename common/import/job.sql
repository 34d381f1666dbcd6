-- The next file to go on with that no other instance is at: the lock lasts as long as the transaction.
-- name: import_claim() :maybe id
select id from (select id, started_at from import_job where status = 'running' order by started_at limit 16) j
where pg_try_advisory_xact_lock(hashtextextended('import ' || id, 0)) limit 1;

-- Read after the lock was taken: the previous holder may have moved the cursor meanwhile.
-- name: import_read(id) :maybe kind, format, policy, dry_run bool, actor, header, bytes int, read_to int, row_no int, told int
select kind, format, policy, dry_run, actor, header, bytes, read_to, row_no, told
from import_job where id = :id::uuid and status = 'running';

-- What follows the cursor, as hexadecimal digits.
-- name: import_slice(id, at int, size int) :row hex
select encode(coalesce(string_agg(substring(bytes from greatest(1, :at::bigint - starts + 1)::int
    for least(:size::bigint, :at::bigint + :size::bigint - starts)::int), ''::bytea order by no), ''::bytea), 'hex')
from import_part
where job_id = :id::uuid and starts < :at::bigint + :size::bigint and starts + octet_length(bytes) > :at::bigint;

-- name: import_refused_add(id, rows) :exec
insert into import_refused (job_id, row_no, data, is_row, faults)
select :id::uuid, r.row_no, r.data, r.is_row, r.faults
from json_to_recordset(:rows::json) as r(row_no bigint, data text, is_row boolean, faults json);

-- name: import_move(id, read_to int, rows int, taken int, known int, refused int, header) :count
update import_job set read_to = :read_to::bigint, row_no = row_no + :rows::bigint, rows_taken = rows_taken + :taken::bigint,
    rows_known = rows_known + :known::bigint, rows_refused = rows_refused + :refused::bigint, header = coalesce(:header, header),
    updated_at = now()
where id = :id::uuid and status = 'running';

-- name: import_told(id, percent int) :exec
update import_job set told = :percent::int where id = :id::uuid;

-- name: import_again(id) :exec
with gone as (delete from import_refused where job_id = :id::uuid)
update import_job set read_to = 0, row_no = 0, rows_taken = 0, rows_known = 0, rows_refused = 0, header = null
where id = :id::uuid;

-- name: import_end(id, status, fault) :exec
with gone as (delete from import_part where job_id = :id::uuid)
update import_job set status = :status, fault = :fault::json, finished_at = clock_timestamp(), read_to = case when :status = 'failed' then read_to else bytes end,
    rows_taken = case when :status = 'refused' then 0 else rows_taken end
where id = :id::uuid and status = 'running';

-- name: import_state(id) :row status, refused int
select status, rows_refused from import_job where id = :id::uuid;

-- Files that were not continued and refused rows are deleted after 30 days: they may contain personal data.
-- name: import_forget() :exec
with old as (
    select id from import_job where coalesce(finished_at, updated_at) < now() - interval '30 days' and status <> 'running'
), parts as (
    delete from import_part where job_id in (select id from old)
)
delete from import_refused where job_id in (select id from old);
