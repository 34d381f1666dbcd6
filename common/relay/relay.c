#include "relay.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus.h"
#include "clock.h"
#include "crash.h"
#include "handed.h"
#include "hash_chain.h"
#include "leader.h"
#include "marks.h"
#include "metrics.h"
#include "publish.h"
#include "relay_queries.h"
#include "signals.h"
#include "stream.h"
#include "thread.h"

enum {
    AT_ONCE = 512,
    POLL_MS = 100,
    FULL_MS = 1,
    FEW = 2,
    REST_US = 700,
    REST_MOST_US = 5000,
    RECENT = 1024
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
    pthread_mutex_t lock;
    pthread_cond_t work;
    bool woken;
    atomic_bool stopping;
    bool behind; /* what was published before goes out again, or more than a round takes was found */
    struct leader *leader;
    struct head head;
    int64_t recent[RECENT]; /* `no` of those published last, in a ring */
    unsigned recent_next;
    int64_t next_look; /* other instances write events, too */
} relay = {.lock = PTHREAD_MUTEX_INITIALIZER};

void relay_wake(bool look)
{
    pthread_mutex_lock(&relay.lock);
    relay.woken |= look;
    pthread_cond_signal(&relay.work);
    pthread_mutex_unlock(&relay.lock);
    signal_raise();
}

/* Returns whether to look for events that nobody hands over. */
static bool wait_for_work(int64_t ms)
{
    struct timespec deadline = clock_moment(clock_ms() + ms);
    bool look;

    pthread_mutex_lock(&relay.lock);
    while (!relay.woken && !handed_any() && !atomic_load(&relay.stopping) &&
           pthread_cond_timedwait(&relay.work, &relay.lock, &deadline) == 0)
        ;
    look = relay.woken;
    relay.woken = false;
    pthread_mutex_unlock(&relay.lock);
    return look || clock_ms() >= relay.next_look;
}

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

    relay.recent[relay.recent_next++ % RECENT] = no;
    if (e->position)
        return marks_add(no, strtoll(e->position, NULL, 10), h->hash);
    h->position++;
    snprintf(h->hash, sizeof h->hash, "%s",
             hash_chain_next(w, h->hash,
                             &(struct hash_chain_row){e->id, e->type, e->aggregate, e->aggregate_id,
                                                      e->version, e->at, e->actor, e->trace, e->data}));
    return marks_add(no, h->position, h->hash);
}

/* --- what to publish --------------------------------------------------------------------------------------- */

/* Found by a look before it was handed over. */
static bool published_already(const struct event_unpublished_row *e)
{
    int64_t no = strtoll(e->no, NULL, 10);

    for (size_t i = 0; i < RECENT; i++) {
        if (relay.recent[i] == no)
            return true;
    }
    return false;
}

static size_t take_handed(struct work *w, struct event_unpublished_row *rows)
{
    size_t n = handed_take(w, rows), kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (!published_already(&rows[i]))
            rows[kept++] = rows[i];
    }
    return kept;
}

static int look_for(struct work *w, struct event_unpublished_row **rows, size_t *n)
{
    relay.next_look = clock_ms() + POLL_MS;
    TRY(q_event_unpublished(w, marks_list(w), AT_ONCE, rows, n));
    sql_release(w);
    return OK;
}

/* --- publishing ------------------------------------------------------------------------------------------ */

/* Of what is published and not written down: it is published again. */
static void start_over(void)
{
    relay.head.known = false;
    relay.behind = true;
    relay.next_look = 0;
    memset(relay.recent, 0, sizeof relay.recent);
}

static bool more_follow(const struct event_unpublished_row *rows, size_t n, size_t i)
{
    for (size_t next = i + 1; next < n; next++) {
        if (strcmp(rows[next].aggregate, rows[i].aggregate) == 0)
            return true;
    }
    return false;
}

/* Answers are not waited for here: while they are on their way, more is published. */
static void publish(struct work *w, const struct event_unpublished_row *rows, size_t n)
{
    if (!n)
        return;
    crash_point("relay.selected");
    for (size_t i = 0; i < n; i++)
        publish_send(w, &rows[i], link_up(w, &rows[i]), more_follow(rows, n, i));
    publish_flush();
    crash_point("relay.published");
    metrics_add(EVENTS_PUBLISHED, (int64_t)n);
}

/* What was handed over does not wait for a look, but where there is much to be found it stands behind that, where the look will
 * find it, too. *count: of what was handed over; *more: there may be more to look for. */
static int publish_all(struct work *w, bool look, size_t *count, bool *more)
{
    struct event_unpublished_row handed[HANDED_MAX], *found;
    size_t n;

    w->writes = false; /* there is nothing to lock, and publishing needs no open transaction */
    TRY(find_head(w, &relay.head));
    *count = take_handed(w, handed);
    if (!look || !relay.behind)
        publish(w, handed, *count);
    if (!look)
        return OK;
    TRY(look_for(w, &found, &n));
    publish(w, found, n);
    *more = relay.behind = n == AT_ONCE;
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
    if (!good)
        handed_open(false);
    return good;
}

/* Where many are handed over at once, those of the next moment go together: the more there were, the longer it is. Who comes nearly
 * alone waits for nobody. */
static void rest(size_t handed)
{
    size_t us = handed > FEW ? (handed - FEW) * REST_US : 0;

    if (us)
        usleep((useconds_t)(us < REST_MOST_US ? us : REST_MOST_US));
}

/* Returns whether there may be more to look for. */
static bool pass_on(bool fresh, bool look)
{
    bool more = false;
    size_t handed = 0;
    struct work w;

    if (marks_lost()) {
        stream_doubt(true);
        forget();
    }
    if (!stream_good(fresh))
        return false;
    work_begin(&w, JOB, "relay");
    publish_all(&w, look, &handed, &more);
    work_end(&w);
    rest(handed);
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
    handed_open(ready);
    return ready;
}

static void *run(void *unused)
{
    bool fresh, look = true;

    (void)unused;
    thread_set_name("relay");
    while (!atomic_load(&relay.stopping)) {
        look = look || wait_for_work(POLL_MS);
        if (marks_room() < AT_ONCE + HANDED_MAX && !marks_lost())
            usleep(FULL_MS * 1000); /* until some of them were answered, or never will be */
        else
            look = may_publish(&fresh) && pass_on(fresh, look);
    }
    return NULL;
}

void relay_start(const char *service)
{
    relay.service = service;
    relay.leader = leader_new(service, "relay");
    clock_cond_init(&relay.work);
    publish_start(service);
    marks_start();
    pthread_create(&relay.thread, NULL, run, NULL);
}

void relay_stop(void)
{
    atomic_store(&relay.stopping, true);
    relay_wake(true);
    pthread_join(relay.thread, NULL);
    marks_stop();
    leader_free(relay.leader);
    /* What publishes stays: acknowledgements may still come until the connection is closed, and then we are gone. */
}
