-- Those of these orders that have a reservation already.
-- name: reservation_known(orders) :deferred order_id
select order_id from reservation where order_id = any(:orders::uuid[]);
