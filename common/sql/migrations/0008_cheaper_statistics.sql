-- A growing table is analyzed again and again, and what is known of columns that no query asks for, or that are unique by an index, is
-- of no use: the event log took a fifth of a second of a processor every time, while news was waited for. A sample is as large as
-- the most that is asked of any column.
alter table event alter no set statistics 20, alter id set statistics 0, alter type set statistics 20, alter aggregate set statistics 20,
    alter aggregate_id set statistics 20, alter version set statistics 20, alter at set statistics 20, alter actor set statistics 0,
    alter trace set statistics 0, alter data set statistics 0, alter private set statistics 0, alter position set statistics 20,
    alter hash set statistics 0, alter epoch set statistics 20, alter seq set statistics 20;
alter table inbox alter consumer set statistics 20, alter event_id set statistics 0, alter applied_at set statistics 20;
alter table inbox_cursor alter consumer set statistics 20, alter aggregate set statistics 20, alter aggregate_id set statistics 20,
    alter version set statistics 0;
alter table idempotency alter principal set statistics 20, alter route set statistics 20, alter key set statistics 20,
    alter digest set statistics 0, alter status set statistics 0, alter body set statistics 0, alter etag set statistics 0,
    alter location set statistics 0, alter created_at set statistics 20;
alter table deadline alter id set statistics 0, alter kind set statistics 20, alter aggregate_id set statistics 20,
    alter due_at set statistics 20, alter state set statistics 20, alter attempts set statistics 0, alter closed_at set statistics 20;
