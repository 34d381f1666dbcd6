-- name: erased_learn(events) :rows ref
insert into erased_customer (ref, erased_at)
select e.ref, max(e.event_time) from json_to_recordset(:events::json) as e(ref text, event_time timestamptz)
where e.ref is not null group by 1 order by 1
on conflict (ref) do update set erased_at = greatest(excluded.erased_at, erased_customer.erased_at)
returning ref;

-- Money, lines and the course of things stay. An order under way keeps what is needed to bring it.
-- name: orders_erase(ref) :row ids, refunds
with ended as (
    select o.id from orders o join erased_customer e on e.ref = o.customer_ref
    where o.customer_ref = :ref and o.created_at <= e.erased_at and o.personal is not null
      and o.status in ('delivered', 'cancelled') order by o.id for update of o
), erased as (
    update orders o set personal = null, cancel_reason = case when cancel_reason is not null then '(erased)' end
    from ended where o.id = ended.id returning o.id
), holds as (
    update order_hold set reason = '(erased)' where order_id in (select id from ended)
), refunds as (
    update refund set reason = '(erased)' where order_id in (select id from ended) and reason is not null returning id
)
select (select coalesce(array_agg(id), '{}') from erased)::text, (select coalesce(array_agg(id), '{}') from refunds)::text;

-- name: orders_not_erased(ref) :row n int
select count(*) from orders o join erased_customer e on e.ref = o.customer_ref
where o.customer_ref = :ref and o.created_at <= e.erased_at and o.personal is not null;
