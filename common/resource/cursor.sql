-- name: secret_get(name) :row value
select value from secret where name = :name;
