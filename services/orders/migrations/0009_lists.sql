-- Every filter and sort of the list of orders has an index that gives the page: without one a rare value, or an order by another
-- column, reads all orders there ever were.
create index order_by_stock_status on orders (stock_status, placed_at, id);
create index order_by_payment_status on orders (payment_status, placed_at, id);
create index order_of_channel on orders (channel, placed_at, id);
create index order_by_total on orders (total, id);
create index order_by_creation on orders (created_at, id);
create index order_held on orders (placed_at, id) where held;
create index order_overdue on orders (placed_at, id) where overdue and status = 'placed';
create index order_hold_by_age on order_hold (held_at, id);
create index order_hold_open on order_hold (held_at, id) where released_at is null;
create index refund_by_amount on refund (amount, id);
