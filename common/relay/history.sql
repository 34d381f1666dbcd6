-- Where the log ends; whether an event that was there at the barrier (its greatest `no` then) has no position yet.
-- name: history_end(barrier int) :row head int, newest int, unmarked bool
select coalesce((select max(position) from event), 0), coalesce((select max(no) from event), 0),
    exists (select from event where seq is null and position is null and no <= :barrier::bigint);

-- The position with which a time begins. Ids rise with the time at which events are written, but for the seconds that clocks
-- differ and transactions take: begin a minute earlier.
-- name: history_position_at(since) :maybe position int
select position from event
where id >= (lpad(to_hex(greatest(0, extract(epoch from :since::timestamptz - interval '1 minute') * 1000)::bigint), 12, '0')
        || '70008000000000000000')::uuid
    and position is not null
order by id limit 1;

-- `first`: of its aggregate, no earlier event is at `from` or later.
-- name: history_page(subject, from int, after int, last int, count int) :rows position int, first bool, id, type, aggregate, aggregate_id, version, at, actor, trace, data, private
select position,
    version = 1 or exists (select from event before where before.aggregate = e.aggregate
        and before.aggregate_id = e.aggregate_id and before.version = e.version - 1 and before.position < :from::bigint),
    id, type, aggregate, aggregate_id, version, to_json(at)#>>'{}', actor, trace, data, private
from event e
where position > :after::bigint and position <= :last::bigint
    and case when :subject like '%.*' then starts_with(type, left(:subject, -1)) else type = :subject end
order by position limit :count::int;
