-- Products and their variants: what is sold, at which price, on which channels.
create table product (
    id             uuid primary key,
    title          text not null,
    description    text,
    category       text,
    images         json not null default '[]',
    status         text not null default 'draft',
    channels       text[] not null default '{}',
    drafted_by     text not null,
    edited_by      text[] not null default '{}',
    submitted_by   text,
    approved_by    text,
    reject_reasons json,
    delist_reason  text,
    version        int not null default 1,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    constraint product_status
        check (status = any ('{draft,submitted,approved,rejected,published,delisted}'))
);
create index product_by_status on product (status, created_at, id);
create index product_by_age on product (created_at, id);

create table variant (
    sku               text primary key,
    product_id        uuid not null references product (id),
    place             int not null,
    barcode           text not null,
    title             text,
    options           json not null default '{}',
    price             bigint not null,
    cost              bigint,
    below_cost_reason text,
    currency          text not null,
    weight_g          int,
    stocked           boolean not null default true,
    constraint variant_money check (price between 0 and 1000000000000000 and (cost is null or cost between 0 and 1000000000000000))
);
create unique index variant_barcode on variant (barcode);
create index variant_of_product on variant (product_id, place);

create view product_json as
select p.id, p.status, p.version, p.created_at, p.title, p.category, p.channels, p.drafted_by,
    json_build_object('id', p.id, 'status', p.status, 'title', p.title, 'description', p.description,
        'category', p.category, 'images', p.images, 'channels', to_json(p.channels),
        'variants', (select coalesce(json_agg(json_build_object('sku', v.sku, 'barcode', v.barcode, 'title', v.title,
            'options', v.options, 'price', v.price, 'cost', v.cost, 'below_cost_reason', v.below_cost_reason,
            'currency', v.currency, 'weight_g', v.weight_g, 'stocked', v.stocked) order by v.place), '[]')
            from variant v where v.product_id = p.id),
        'drafted_by', p.drafted_by, 'edited_by', to_json(p.edited_by), 'submitted_by', p.submitted_by,
        'approved_by', p.approved_by, 'reject_reasons', p.reject_reasons, 'delist_reason', p.delist_reason,
        'created_at', p.created_at, 'updated_at', p.updated_at) as doc
from product p;

-- For storefronts: published products only, without cost and names of staff.
create view storefront_json as
select p.id, p.created_at, p.title, p.category, p.channels,
    json_build_object('id', p.id, 'title', p.title, 'description', p.description, 'category', p.category,
        'images', p.images, 'channels', to_json(p.channels),
        'variants', (select coalesce(json_agg(json_build_object('sku', v.sku, 'barcode', v.barcode, 'title', v.title,
            'options', v.options, 'price', v.price, 'currency', v.currency, 'weight_g', v.weight_g,
            'stocked', v.stocked) order by v.place), '[]') from variant v where v.product_id = p.id)) as doc
from product p where p.status = 'published';

-- The event's data have no cost. What people wrote freely may name somebody, so it is in the private part.
create view product_event as
select p.id,
    case when p.reject_reasons is not null or p.delist_reason is not null
        then json_strip_nulls(json_build_object('reject_reasons', p.reject_reasons, 'delist_reason', p.delist_reason))
    end as private,
    json_build_object('id', p.id, 'status', p.status, 'title', p.title, 'category', p.category,
        'channels', to_json(p.channels),
        'variants', (select coalesce(json_agg(json_build_object('sku', v.sku, 'barcode', v.barcode, 'title', v.title,
            'price', v.price, 'currency', v.currency, 'weight_g', v.weight_g, 'stocked', v.stocked) order by v.place), '[]')
            from variant v where v.product_id = p.id)) as doc
from product p;
