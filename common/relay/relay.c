#include "relay.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus.h"
#include "crash.h"
#include "hash_chain.h"
#include "leader.h"
#include "metrics.h"
#include "outbox.h"
#include "publish.h"
#include "relay_queries.h"
#include "stream.h"
#include "thread.h"
#include "transaction.h"
#include "work.h"

enum { BATCH = 512, POLL_MS = 100, PAUSE_MS = 100 };

/* The last link of the hash chain. */
struct head {
    bool known;
    int64_t position;
    char hash[65];
};

struct batch {
    struct event_unpublished_row *events;
    size_t count;
    size_t acknowledged; /* so many, from the first */
    int64_t seqs[BATCH]; /* their places in the stream */
    struct head head;    /* after them */
};

static struct {
    const char *service;
    pthread_t thread;
    atomic_bool stopping;
    struct leader *leader;
    struct head head;
    unsigned long seen; /* of outbox_signal */
} relay;

/* --- marking -------------------------------------------------------------------------------------------- */

/* The event's place in the chain; one that was published before keeps the one it has. */
static int64_t link_event(struct work *w, struct head *h, const struct event_unpublished_row *e)
{
    if (e->position)
        return strtoll(e->position, NULL, 10);
    snprintf(h->hash, sizeof h->hash, "%s",
             hash_chain_next(w, h->hash,
                             &(struct hash_chain_row){e->id, e->type, e->aggregate, e->aggregate_id,
                                                      e->version, e->at, e->actor, e->trace, e->data}));
    return ++h->position;
}

static const char *marks_of(struct work *w, struct batch *b)
{
    struct text t = text_new(w->arena);

    b->head = relay.head;
    for (size_t i = 0; i < b->acknowledged; i++) {
        int64_t position = link_event(w, &b->head, &b->events[i]);

        text_addf(
            &t, "%s{\"no\":%s,\"position\":%" PRId64 ",\"hash\":\"%s\",\"epoch\":\"%s\",\"seq\":%" PRId64 "}",
            i ? "," : "[", b->events[i].no, position, b->head.hash, stream_epoch(), b->seqs[i]);
    }
    text_add(&t, "]");
    return t.bytes;
}

/* A leader that was stopped for a while may find that the next one has marked some of them: then it marks
 * none. */
static int mark(struct work *w)
{
    struct batch *b = w->context;
    int64_t marked;

    TRY(q_event_published(w, marks_of(w, b), &marked));
    return (size_t)marked == b->acknowledged
               ? OK
               : fail(w, CONFLICT, "relay.overtaken", "Another relay has published these events.");
}

static bool mark_acknowledged(struct work *w, struct batch *b)
{
    int fault;

    if (!b->acknowledged)
        return true;
    crash_point("relay.acked");
    w->context = b;
    w->writes = true;
    fault = work_run(w, mark, NULL);
    crash_point("relay.marked");
    relay.head = b->head;
    relay.head.known = fault == OK;
    metrics_add(EVENTS_PUBLISHED, fault == OK ? (int64_t)b->acknowledged : 0);
    if (fault == OK)
        signal_raise(&feed_signal);
    return fault == OK;
}

/* --- a batch -------------------------------------------------------------------------------------------- */

static int find_head(struct work *w, struct head *h)
{
    struct event_head_row row;

    if (h->known)
        return OK;
    TRY(q_event_head(w, &row));
    h->known = true;
    h->position = row.found ? row.position : 0;
    snprintf(h->hash, sizeof h->hash, "%s", row.found && row.hash ? row.hash : HASH_CHAIN_START);
    return OK;
}

/* Without a transaction: there is nothing to lock, and none stays open while acknowledgements are waited
 * for. */
static int select_events(struct work *w, struct batch *b)
{
    w->writes = false;
    TRY(find_head(w, &relay.head));
    TRY(q_event_unpublished(w, BATCH, &b->events, &b->count));
    sql_release(w);
    return OK;
}

/* False when some of them were not published or not marked. */
static bool publish(struct work *w, struct batch *b)
{
    bool marked;

    if (!b->count)
        return true;
    crash_point("relay.selected");
    b->acknowledged = publish_all(w, b->events, b->count, b->seqs);
    marked = mark_acknowledged(w, b);
    if (marked && b->acknowledged == b->count)
        return true;
    metrics_add(PUBLISH_ERRORS, 1);
    stream_mark_suspect(true);
    return false;
}

/* Returns whether there may be more to publish at once. */
static bool publish_batch(void)
{
    struct batch b = {0};
    struct work w;
    bool good;

    work_begin(&w, JOB, "relay");
    good = select_events(&w, &b) == OK && publish(&w, &b);
    work_end(&w);
    if (!good && !atomic_load(&relay.stopping))
        usleep(PAUSE_MS * 1000);
    return good && b.count == BATCH;
}

/* --- the thread ----------------------------------------------------------------------------------------- */

/* Does this instance lead, and does the stream hold what it acknowledged? */
static bool may_publish(void)
{
    bool fresh, leads = leader_check(relay.leader, &fresh);

    metrics_set(RELAY_LEADER, leads);
    if (fresh || !leads)
        relay.head.known = false;
    return leads && bus_connected() && stream_check(relay.service, fresh);
}

static void *run(void *unused)
{
    bool more = true;

    (void)unused;
    thread_set_name("relay");
    while (!atomic_load(&relay.stopping)) {
        if (!more)
            signal_wait(&outbox_signal, &relay.seen, POLL_MS);
        more = may_publish() && publish_batch();
    }
    return NULL;
}

void relay_start(const char *service)
{
    relay.service = service;
    relay.leader = leader_new(service, "relay");
    publish_start(service, &relay.stopping);
    pthread_create(&relay.thread, NULL, run, NULL);
}

void relay_stop(void)
{
    atomic_store(&relay.stopping, true);
    signal_raise(&outbox_signal);
    pthread_join(relay.thread, NULL);
    leader_free(relay.leader);
    /* The subscription to acknowledgements stays: some may still come, until the connection is closed. */
}
