-- name: deadlines_put(kind, rows) :exec
insert into deadline (kind, aggregate_id, due_at)
select :kind::text, r.id, r.due_at from json_to_recordset(:rows::json) as r(id text, due_at timestamptz) order by r.id
on conflict on constraint deadline_once do update set due_at = excluded.due_at, state = 'open', attempts = 0, closed_at = null;

-- name: deadline_drop(kind, aggregate_ids) :exec
update deadline set state = 'met', closed_at = now()
where kind = :kind and aggregate_id = any(:aggregate_ids::text[]) and state = 'open';

-- Its row is not locked: a change of the aggregate locks that first and then this row, and a job that locked them in the other order
-- could deadlock with it. The advisory lock keeps other jobs away.
-- name: deadline_claim() :maybe id, kind, aggregate_id, due_at
select id, kind, aggregate_id, to_json(due_at)#>>'{}'
from (select * from deadline where state = 'open' and due_at <= now() order by due_at limit 64) due
where pg_try_advisory_xact_lock(hashtextextended('deadline ' || id, 0)) limit 1;

-- After the handler: 0 when it was met or moved meanwhile. What the handler itself did to it stays.
-- name: deadline_fired(id, due_at) :count
update deadline set state = case when due_at = :due_at::timestamptz and state = 'open' then 'over' else state end,
    closed_at = case when due_at = :due_at::timestamptz and state = 'open' then now() else closed_at end
where id = :id::uuid
  and ((state = 'open' and due_at = :due_at::timestamptz) or xmin = pg_current_xact_id()::xid);

-- name: deadline_later(id) :exec
update deadline set attempts = attempts + 1, due_at = now() + least(power(2, attempts), 300) * interval '1 second'
where id = :id::uuid;
