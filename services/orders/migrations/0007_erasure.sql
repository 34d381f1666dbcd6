-- Customers whose personal data were erased, as support tells: orders from before it are forgotten when they end.
create table erased_customer (
    ref       text primary key,
    erased_at timestamptz not null
);
