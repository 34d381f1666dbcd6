/*
 * The event log: outbox, audit, timeline, feed and archive in one append-only table. An event is written in
 * the transaction of the change, after the aggregate's row was locked and its version raised.
 */
#ifndef BACKROOM_OUTBOX_H
#define BACKROOM_OUTBOX_H

#include "signals.h"

struct work;

enum { EVENT_BYTES_MAX = 256 * 1024 };

/*
 * Raises the aggregate's version and writes an event of it; its data is the row of the view
 * `<aggregate>_event` (columns id, doc, private) as this work leaves it: it is written when the response is
 * read (reply_resource) or before the commit, so it does not matter which step of the handler announces.
 * Costs no round trip. The aggregate's row must be locked by this transaction.
 */
int announce(struct work *w, const char *type, const char *aggregate, const char *id);
/* The same for many, ids as a PostgreSQL array "{id,id}"; NULL or "{}" for none. */
int announce_all(struct work *w, const char *type, const char *aggregate, const char *ids);
/* The same where the statement that changed them has raised their version already, as the first change of
 * theirs in this work. */
int announce_raised(struct work *w, const char *type, const char *aggregate, const char *ids);
/* The first event of aggregates that this transaction inserted with version 1; ids as one id or an array. */
int announce_new(struct work *w, const char *type, const char *aggregate, const char *ids);

/* The service whose events they are: the first word of every type. Events are written at the end of
 * transactions from now on. To be called once, at start. */
void outbox_open(const char *service);
/* "<service>.<rest>", for parts of common/ that announce in every service: event_type(w, "import.opened"). */
const char *event_type(struct work *w, const char *rest);

/* Raised in this process after each commit that wrote events. The relay waits on it, and so do requests with
 * `Prefer: wait`. */
extern struct signal outbox_signal;
/* Raised by the relay when events have got their position: the live feeds wait on it. */
extern struct signal feed_signal;

#endif
