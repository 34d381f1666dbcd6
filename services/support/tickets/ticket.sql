-- name: ticket_insert(id, subject, channel, priority, for_head bool, order_id, survey_id, customer_id, contact, first_answer_by, actor) :exec
insert into ticket (id, subject, channel, priority, for_head, order_id, survey_id, customer_id, contact,
    first_answer_by, opened_by)
values (:id::uuid, :subject, :channel, :priority, :for_head::boolean, :order_id::uuid, :survey_id::uuid,
    :customer_id::uuid, :contact::json, :first_answer_by::timestamptz, :actor);

-- name: ticket_say(id, kind, author, body) :exec
insert into ticket_message (ticket_id, kind, author, body) values (:id::uuid, :kind, :author, :body);

-- How dear the customer is, by name or by order; 'new' while nobody knows.
-- name: ticket_level(customer_id, order_id) :row level
select coalesce((select level from customer where id = coalesce(:customer_id::uuid,
    (select o.customer_id from known_order o where o.id = :order_id::uuid))), 'new');

-- name: ticket_assigned(id, agent) :exec
update ticket set owner = :agent where id = :id::uuid;

-- name: ticket_taken(id, actor) :exec
update ticket set owner = :actor where id = :id::uuid;

-- name: ticket_first_answer(id, actor) :exec
update ticket set first_answered_at = coalesce(first_answered_at, now()),
    owner = coalesce(owner, :actor)
where id = :id::uuid;

-- name: ticket_hand_over(id, department, actor) :count
update ticket set hand_over_to = :department, hand_over_by = :actor, hand_over_at = now(),
    hand_over_late = false, owner = coalesce(owner, :actor)
where id = :id::uuid and department <> :department;

-- name: ticket_handed_to(id) :row department, by
select hand_over_to, hand_over_by from ticket where id = :id::uuid;

-- name: ticket_accept(id, actor) :exec
update ticket set department = hand_over_to, owner = :actor, hand_over_to = null, hand_over_by = null,
    hand_over_at = null, hand_over_late = false
where id = :id::uuid;

-- name: ticket_decline(id) :exec
update ticket set hand_over_to = null, hand_over_by = null, hand_over_at = null,
    hand_over_late = false
where id = :id::uuid;

-- name: ticket_solve(id, resolution, actor) :exec
update ticket set resolution = :resolution, solved_at = now(), solved_by = :actor, owner = coalesce(owner, :actor)
where id = :id::uuid;

-- A customer's message reopens a ticket that was solved.
-- name: ticket_customer_message(id, body) :exec
with added as (
    insert into ticket_message (ticket_id, kind, author, body) values (:id::uuid, 'customer', 'customer', :body)
)
update ticket set resolution = null, solved_at = null, solved_by = null, reopened = reopened + 1
where id = :id::uuid and solved_at is not null;

-- name: ticket_reopened(id, reason, actor) :exec
with added as (
    insert into ticket_message (ticket_id, kind, author, body) values (:id::uuid, 'reopen', :actor, :reason)
)
update ticket set resolution = null, solved_at = null, solved_by = null, reopened = reopened + 1 where id = :id::uuid;

-- name: ticket_hand_over_late(id) :count
update ticket set hand_over_late = true where id = :id::uuid and status = 'waiting' and not hand_over_late;

-- name: ticket_remind(id) :count
update ticket set reminded_at = now() where id = :id::uuid and first_answered_at is null and status <> 'solved';

-- name: ticket_breach(id) :count
update ticket set breached_at = now()
where id = :id::uuid and first_answered_at is null and breached_at is null and status <> 'solved';
