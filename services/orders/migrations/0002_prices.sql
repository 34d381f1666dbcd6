-- The price list as learned from catalog's news, and the channels. A channel nobody set is one of our own.
create table price (
    sku        text primary key,
    product_id uuid not null,
    title      text,
    price      bigint not null,
    currency   text not null,
    stocked    boolean not null,
    sellable   boolean not null,
    updated_at timestamptz not null default now()
);
create index price_of_product on price (product_id);

create view price_json as
select sku, sellable, currency, updated_at,
    json_build_object('sku', sku, 'title', title, 'price', price, 'currency', currency, 'stocked', stocked,
        'sellable', sellable, 'updated_at', updated_at) as doc
from price;

-- Version 0: its first event is announced like every later one.
create table channel (
    name       text primary key,
    kind       text not null,
    version    int not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint channel_kind check (kind in ('own', 'platform'))
);

create view channel_json as
select name, kind, version, created_at,
    json_build_object('name', name, 'kind', kind, 'created_at', created_at, 'updated_at', updated_at) as doc
from channel;

create view channel_event as
select name as id, json_build_object('name', name, 'kind', kind) as doc, null::json as private from channel;
