-- name: survey_send(events, tokens, seconds int) :row ids
with made as (
    insert into survey (token, order_id, order_number, shipment_id, expires_at)
    select e.token, e.order_id, e.order_number, e.id, e.event_time + :seconds::bigint * interval '1 second'
    from rows from (
        json_to_recordset(:events::json) as (id uuid, order_id uuid, order_number text, event_time timestamptz),
        json_array_elements_text(:tokens::json)) as e(id, order_id, order_number, event_time, token)
    where e.id is not null
    on conflict on constraint survey_once_a_parcel do nothing
    returning id
)
select coalesce(array_agg(id), '{}')::text from made;

-- name: survey_find(token) :maybe id, status, order_id, order_number, doc
select v.id, v.status, v.order_id, s.order_number, json_build_object('status', v.status, 'order_number', s.order_number,
    'expires_at', s.expires_at, 'score', s.score, 'lowest', 1, 'highest', 5)
from survey s join survey_json v on v.id = s.id where s.token = :token;

-- name: survey_answered(id, score int, comment) :exec
update survey set score = :score::int, comment = :comment, answered_at = now() where id = :id::uuid;
