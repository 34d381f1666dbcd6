-- Why money was given back is in somebody's own words, which may name somebody: beside the event's public data.
create or replace view refund_event as
select r.id, case when r.reason is not null then json_build_object('reason', r.reason) end as private,
    (select row_to_json(e) from (
        select r.id, r.order_id, o.number as order_number, o.channel, o.currency, r.kind, r.amount, r.reference,
            r.refunded_at,
            (select coalesce(json_agg(row_to_json(l)), '[]') from (
                select sku, quantity from refund_line where refund_id = r.id order by line) l) as lines) e) as doc
from refund r join orders o on o.id = r.order_id;
