-- name: event_chain(after int, count int) :rows position int, id, type, aggregate, aggregate_id, version, at, actor, trace, data, hash
select position, id, type, aggregate, aggregate_id, version, to_json(at)#>>'{}', actor, trace, data, encode(hash, 'hex')
from event where position > :after::bigint order by position limit :count::int;
