-- name: customer_erase(id) :count
update customer set contact = null, erased_at = now() where id = :id::uuid and (erased_at is null or contact is not null);

-- name: customer_erase_messages(id) :exec
update ticket_message set body = '(erased)' where ticket_id in (select tickets_of_customer(:id::uuid));

-- name: customer_erase_tickets(id) :exec
update ticket set subject = '(erased)', contact = null, resolution = case when resolution is not null then '(erased)' end
where id in (select tickets_of_customer(:id::uuid));

-- name: customer_erase_tasks(id) :exec
update task set note = null, outcome = case when outcome is not null then '(erased)' end
where order_id in (select o.id from known_order o where o.customer_id = :id::uuid);

-- name: customer_erase_surveys(id) :exec
update survey set comment = null where order_id in (select o.id from known_order o where o.customer_id = :id::uuid);

-- name: customer_erase_orders(id) :exec
update known_order set contact = null where customer_id = :id::uuid;

-- Whatever may hold words about the customer: their orders, tickets and tasks, and the customer.
-- name: customer_about(id) :row ids
select array_agg(about.id)::text from (
    select :id::uuid as id union select tickets_of_customer(:id::uuid)
    union select o.id from known_order o where o.customer_id = :id::uuid
    union select k.id from task k join known_order o on o.id = k.order_id where o.customer_id = :id::uuid) about;
