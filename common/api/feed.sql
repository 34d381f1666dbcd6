-- name: event_feed(after int, type, aggregate, count int) :rows position int, doc
select position, json_build_object('position', position, 'id', id, 'type', type, 'aggregate', aggregate,
    'aggregate_id', aggregate_id, 'version', version, 'time', at, 'actor', actor, 'trace_id', trace, 'data', data)
from event
where position > :after::bigint
  and (:type::text is null or type = :type or (:type like '%*' and starts_with(type, rtrim(:type, '*'))))
  and (:aggregate::text is null or aggregate = :aggregate or aggregate_id = :aggregate)
order by position limit :count::int;

-- name: event_timeline(aggregate, aggregate_id) :rows doc
select json_build_object('id', id, 'type', type, 'version', version, 'time', at, 'actor', actor, 'trace_id', trace,
    'data', data)
from event where aggregate = :aggregate and aggregate_id = :aggregate_id order by version;

-- What its customer may see: no names, no trace, no event data but the status.
-- name: event_course(aggregate, aggregate_id) :rows doc
select json_build_object('type', type, 'version', version, 'time', at, 'status', data -> 'status')
from event where aggregate = :aggregate and aggregate_id = :aggregate_id order by version;
