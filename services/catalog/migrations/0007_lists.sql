-- The list of all movements, newest first.
create index stock_movement_by_age on stock_movement (created_at, id);
