/*
 * Sends other services pages of the event log, for the replay of a consumer
 * (docs/adr/0021-replay-of-one-consumer.md).
 *
 * A request on the subject history.<service> is answered by one instance, on the request's own inbox:
 *
 *     {"subject":"orders.order.*","from":1,"after":4000,"barrier":9000}   events of this subject behind
 *                                                                         position 4000
 *     {"subject":"orders.order.*","since":"2026-11-01T00:00:00Z"}         the first page of events from a
 *                                                                         time on
 *
 * The answer is a line of JSON and behind it the events, as they are published, one after the other:
 *
 *     {"from":1,"position":4256,"head":8990,"barrier":9000,"done":false,
 *      "events":[{"length":812,"position":4001,"first":true},…]}
 *
 * `position` is where the next page begins, `head` the end of the log, `barrier` the greatest `no` when the
 * first page was read. `first` marks events before which the replay brings none of their aggregates. `done`:
 * this was the last page, and no event that was written before the first one is without a position: such an
 * event may have been published, but not been marked yet.
 */
#ifndef BACKROOM_HISTORY_H
#define BACKROOM_HISTORY_H

void history_start(const char *service);
void history_stop(void);

#endif
