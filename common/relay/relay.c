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
#include "marks.h"
#include "metrics.h"
#include "outbox.h"
#include "publish.h"
#include "relay_queries.h"
#include "stream.h"
#include "thread.h"

enum {
    AT_ONCE = 512,
    POLL_MS = 100,
    FULL_MS = 1,
};

/* The last link of the chain. Only the leader adds to it; whenever its own last work failed, it looks it up. */
struct head {
    bool known;
    int64_t position;
    char hash[65];
};

static struct {
    const char *service;
    pthread_t thread;
    atomic_bool stopping;
    unsigned long seen; /* of outbox_signal */
    struct leader *leader;
    struct head head;
} relay;

/* --- the chain ------------------------------------------------------------------------------------------- */

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

/* One that was published before keeps its place in the chain. Returns the number by which it will be answered. */
static uint64_t link_up(struct work *w, const struct event_unpublished_row *e)
{
    struct head *h = &relay.head;
    int64_t no = strtoll(e->no, NULL, 10);

    if (e->position)
        return marks_add(no, strtoll(e->position, NULL, 10), h->hash);
    h->position++;
    snprintf(h->hash, sizeof h->hash, "%s",
             hash_chain_next(w, h->hash,
                             &(struct hash_chain_row){e->id, e->type, e->aggregate, e->aggregate_id,
                                                      e->version, e->at, e->actor, e->trace, e->data}));
    return marks_add(no, h->position, h->hash);
}

/* --- publishing ------------------------------------------------------------------------------------------ */

/* Of what is published and not written down: it is published again. */
static void start_over(void)
{
    relay.head.known = false;
}

/* Answers are not waited for here: while they are on their way, more is published. */
static void publish(struct work *w, const struct event_unpublished_row *rows, size_t n)
{
    if (!n)
        return;
    crash_point("relay.selected");
    for (size_t i = 0; i < n; i++)
        publish_send(w, &rows[i], link_up(w, &rows[i]));
    publish_flush();
    crash_point("relay.published");
    metrics_add(EVENTS_PUBLISHED, (int64_t)n);
}

/* *more: there may be more of them. */
static int publish_all(struct work *w, bool *more)
{
    struct event_unpublished_row *found;
    size_t n;

    w->writes = false; /* there is nothing to lock, and publishing needs no open transaction */
    TRY(find_head(w, &relay.head));
    TRY(q_event_unpublished(w, marks_list(w), AT_ONCE, &found, &n));
    sql_release(w);
    publish(w, found, n);
    *more = n == AT_ONCE;
    return OK;
}

/* --- the thread ---------------------------------------------------------------------------------------- */

static void forget(void)
{
    marks_forget();
    start_over();
}

/* A look at what the stream holds is one at what is written down: what is not by then, and may be lost, is published again. */
static bool stream_good(bool fresh)
{
    unsigned long verified = stream_verified();
    bool good, close;

    if (!stream_due(fresh))
        return stream_look(relay.service, false);
    marks_hold();
    good = stream_look(relay.service, fresh);
    close = stream_verified() != verified;
    marks_release(close);
    if (close)
        start_over();
    return good;
}

/* Returns whether there may be more to publish. */
static bool pass_on(bool fresh)
{
    bool more = false;
    struct work w;

    if (marks_lost()) {
        stream_doubt(true);
        forget();
    }
    if (!stream_good(fresh))
        return false;
    work_begin(&w, JOB, "relay");
    publish_all(&w, &more);
    work_end(&w);
    return more;
}

/* To whoever publishes to a connection that was made anew nobody answers what he said before. */
static void renew(void)
{
    marks_hold();
    publish_renew();
    marks_release(true);
    start_over();
}

/* Is it this instance that publishes, and is there somebody to publish to? */
static bool may_publish(bool *fresh)
{
    bool leads = leader_check(relay.leader, fresh), ready = leads && bus_connected();

    metrics_set(RELAY_LEADER, leads);
    if (*fresh || !leads)
        forget();
    if (ready && publish_stale())
        renew();
    return ready;
}

static void *run(void *unused)
{
    bool fresh, more = true;

    (void)unused;
    thread_set_name("relay");
    while (!atomic_load(&relay.stopping)) {
        if (!more)
            signal_wait(&outbox_signal, &relay.seen, POLL_MS);
        if (marks_room() < AT_ONCE && !marks_lost())
            usleep(FULL_MS * 1000); /* until some of them were answered, or never will be */
        else
            more = may_publish(&fresh) && pass_on(fresh);
    }
    return NULL;
}

void relay_start(const char *service)
{
    relay.service = service;
    relay.leader = leader_new(service, "relay");
    publish_start(service);
    marks_start();
    pthread_create(&relay.thread, NULL, run, NULL);
}

void relay_stop(void)
{
    atomic_store(&relay.stopping, true);
    signal_raise(&outbox_signal);
    pthread_join(relay.thread, NULL);
    marks_stop();
    leader_free(relay.leader);
    /* What publishes stays: acknowledgements may still come until the connection is closed, and then we are gone. */
}
