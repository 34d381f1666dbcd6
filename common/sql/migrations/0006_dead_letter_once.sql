-- What is no event has no id: the same bytes, delivered again, are the same dead letter.
delete from dead_letter later using dead_letter earlier
where later.event_id is null and earlier.event_id is null and later.consumer = earlier.consumer
  and later.body = earlier.body and later.id > earlier.id;
create unique index dead_letter_malformed_once on dead_letter (consumer, md5(body)) where event_id is null;
