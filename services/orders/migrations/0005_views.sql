-- How many units of a SKU an allocation holds.
create function allocated(allocation json, sku text) returns bigint language sql immutable parallel safe as $$
    select coalesce(sum((a ->> 'quantity')::bigint), 0)::bigint from json_array_elements(allocation) a where a ->> 'sku' = sku
$$;

-- Parcels show once they have left the house: until then they are fulfilment's business.
create view order_json as
select o.id, o.version, o.status, o.stock_status, o.payment_status, o.channel, o.channel_ref, o.customer_ref, o.number,
    o.placed_at, o.created_at, o.total, o.held, o.overdue and o.status = 'placed' as overdue,
    o.stock_status = 'pending' and o.status = 'placed' as pending, o.personal as private,
    json_build_object('id', o.id, 'number', o.number, 'channel', o.channel, 'channel_ref', o.channel_ref,
        'customer_ref', o.customer_ref, 'ship_country', o.ship_country, 'currency', o.currency, 'status', o.status,
        'stock_status', o.stock_status, 'payment_status', o.payment_status, 'gross', o.gross, 'discount', o.discount,
        'shipping_fee', o.shipping_fee, 'total', o.total, 'paid', o.paid, 'refunded', o.refunded,
        'allow_partial', o.allow_partial, 'flags', to_json(o.flags), 'held', o.held,
        'overdue', o.overdue and o.status = 'placed', 'cancel_reason', o.cancel_reason,
        'lines', (select coalesce(json_agg(row_to_json(l)), '[]') from (
            select line, sku, title, quantity, unit_price, list_price, quantity * unit_price as amount, stocked,
                case when not stocked then 0 when o.stock_status in ('reserved', 'taken') then quantity
                     when o.stock_status = 'partial' then greatest(0, least(quantity,
                         allocated(o.allocation, sku) - sum(quantity) over (partition by sku order by line) + quantity))
                     else 0 end as reserved
            from order_line where order_id = o.id order by line) l),
        'allocation', o.allocation,
        'payments', (select coalesce(json_agg(json_build_object('method', method, 'amount', amount, 'reference', reference,
            'paid_at', paid_at) order by paid_at, id), '[]') from payment where order_id = o.id),
        'parcels', (select coalesce(json_agg(json_build_object('id', id, 'number', number, 'status', status,
            'carrier', carrier, 'tracking_number', tracking_number, 'shipped_at', shipped_at, 'delivered_at', delivered_at,
            'lines', lines) order by shipped_at, id), '[]')
            from parcel where order_id = o.id and status in ('shipped', 'delivered')),
        'placed_at', o.placed_at, 'created_at', o.created_at, 'updated_at', o.updated_at) as doc
from orders o;

-- Apart from the order: reasons and names of staff are not for the customer, who may read the order.
create view hold_json as
select h.id, h.order_id, h.held_at, h.released_at is null as open,
    json_build_object('id', h.id, 'order_id', h.order_id, 'reason', h.reason, 'actor', h.actor, 'held_at', h.held_at,
        'released_at', h.released_at, 'released_by', h.released_by) as doc
from order_hold h;

-- Kept compact (row_to_json writes no blanks): an order of 1,000 lines is told in one event.
create view order_event as
select o.id, o.personal as private,
    (select row_to_json(e) from (
        select o.id, o.number, o.channel, o.channel_ref, o.customer_ref, o.ship_country, o.currency, o.status,
            o.stock_status, o.payment_status, o.placed_at, o.total, o.discount, o.shipping_fee, o.paid, o.refunded,
            o.allow_partial, o.held,
            (select coalesce(json_agg(row_to_json(l)), '[]') from (
                select line, sku, quantity, unit_price, stocked from order_line where order_id = o.id order by line
            ) l) as lines,
            o.allocation) e) as doc
from orders o;

-- Open work: what does not go on by itself, with the time that is left.
create view work_json as
select o.id, t.role, d.due_at,
    json_build_object('kind', t.kind, 'id', o.id, 'number', o.number, 'title', o.number || ': ' || t.title, 'role', t.role,
        'due_at', d.due_at, 'overdue', o.overdue, 'link', '/v1/orders/' || o.id) as doc
from orders o
cross join lateral (
    select 'clerk', 'held', 'on hold: clear up and release or cancel' where o.held
    union all
    select 'cashier', 'payment', 'not fully paid yet' where not o.held and o.payment_status in ('unpaid', 'partly_paid')
    union all
    select 'clerk', 'stock', 'not everything is in stock' where not o.held
        and o.payment_status not in ('unpaid', 'partly_paid') and o.stock_status in ('partial', 'backordered', 'released')
    union all
    select 'clerk', 'confirm', 'not confirmed in time' where not o.held
        and o.payment_status not in ('unpaid', 'partly_paid') and o.stock_status in ('pending', 'reserved') and o.overdue
) as t (role, kind, title)
left join deadline d on d.aggregate_id = o.id::text
    and d.kind = case t.kind when 'payment' then 'pay_by' else 'confirm_by' end
where o.status = 'placed';
