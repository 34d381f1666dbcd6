-- Where which event stands in the stream: the relay asks from the tail backwards, and whether any stands in another
-- stream, whenever it begins to lead or reconnects. Without it each question reads the whole log.
create index event_published on event (epoch, seq) where seq is not null;
