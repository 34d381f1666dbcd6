-- A partial index, so that PostgreSQL does not take the number for a key that others refer to: shipping then locks the
-- row no harder than any other change does.
alter table shipment drop constraint shipment_tracking_number;
create unique index shipment_tracking_number on shipment (carrier, tracking_number) where tracking_number is not null;
