-- An order of a thousand lines, each with its allocation, is told in one piece.
alter table event drop constraint event_too_large;
alter table event add constraint event_too_large check (octet_length(data::text) <= 262144);
