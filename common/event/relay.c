#include "relay.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "chain.h"
#include "clock.h"
#include "common_queries.h"
#include "crash.h"
#include "handed.h"
#include "leader.h"
#include "metrics.h"
#include "news.h"
#include "publish.h"
#include "service.h"
#include "stream.h"

enum { POLL_MS = 100, MARK_PACE_MS = 50, RECENT = 1024 };

/* The last link of the chain. Only the leader adds to it; whenever its own last work failed, it looks it up. */
struct head {
    bool known;
    int64_t position;
    char hash[65];
};

/* An event that the stream has, which is not written down yet. */
struct mark {
    int64_t no, position, seq;
    char hash[65];
};

static struct {
    const struct service *service;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work;
    bool woken;
    atomic_bool stopping;
    struct leader *leader;
    struct head head;
    struct mark marks[2 * PUBLISH_MAX]; /* in order of publishing */
    size_t mark_count;
    int64_t rested;           /* from when on they may be written down */
    int64_t recent[RECENT];   /* numbers of those published last, in a ring */
    unsigned recent_next;
    int64_t next_look;        /* other instances write events, too */
} relay = {.lock = PTHREAD_MUTEX_INITIALIZER};

void relay_wake(bool look)
{
    pthread_mutex_lock(&relay.lock);
    relay.woken |= look;
    pthread_cond_signal(&relay.work);
    pthread_mutex_unlock(&relay.lock);
    news_tell();
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
    snprintf(h->hash, sizeof h->hash, "%s", row.found && row.hash ? row.hash : CHAIN_START);
    return OK;
}

/* One that was published before keeps its place in the chain. */
static void link_up(struct work *w, const struct event_unpublished_row *e, int64_t seq)
{
    struct mark *m = &relay.marks[relay.mark_count++];
    struct head *h = &relay.head;

    m->no = strtoll(e->no, NULL, 10);
    m->seq = seq;
    m->position = e->position ? strtoll(e->position, NULL, 10) : ++h->position;
    if (!e->position)
        snprintf(h->hash, sizeof h->hash, "%s",
                 chain_hash(w, h->hash,
                            &(struct chain_link){e->id, e->type, e->aggregate, e->aggregate_id, e->version,
                                                 e->at, e->actor, e->trace, e->data}));
    memcpy(m->hash, h->hash, sizeof m->hash);
    relay.recent[relay.recent_next++ % RECENT] = m->no;
}

/* --- what to publish --------------------------------------------------------------------------------------- */

static const char *marked_already(struct work *w)
{
    struct text list = sql_list(w);

    for (size_t i = 0; i < relay.mark_count; i++)
        sql_list_add(&list, sql_from_int(w, relay.marks[i].no));
    return sql_list_end(&list);
}

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

/* Among what is found is what was handed over before. */
static int look_for(struct work *w, struct event_unpublished_row **rows, size_t *n)
{
    struct event_unpublished_row dropped[HANDED_MAX];

    handed_take(w, dropped);
    relay.next_look = clock_ms() + POLL_MS;
    TRY(q_event_unpublished(w, marked_already(w), PUBLISH_MAX, rows, n));
    sql_release(w);
    return OK;
}

/* --- publishing ------------------------------------------------------------------------------------------ */

/* *more: there may be more to publish. */
static int publish(struct work *w, bool look, bool *more)
{
    struct event_unpublished_row handed[HANDED_MAX], *rows = handed;
    int64_t seq[PUBLISH_MAX];
    size_t n = 0, acked;

    w->writes = false; /* single statements: there is nothing to lock, and publishing needs no open transaction */
    TRY(find_head(w, &relay.head));
    if (look)
        TRY(look_for(w, &rows, &n));
    else
        n = take_handed(w, handed);
    if (!n)
        return OK;
    crash_point("relay.selected");
    acked = publish_all(w, rows, n, seq);
    for (size_t i = 0; i < acked; i++)
        link_up(w, &rows[i], seq[i]);
    metrics_add(EVENTS_PUBLISHED, (int64_t)acked);
    if (acked < n) {
        metrics_add(PUBLISH_ERRORS, 1);
        stream_doubt(true);
    }
    *more = acked < n || n == PUBLISH_MAX;
    return OK;
}

/* --- writing it down --------------------------------------------------------------------------------------- */

/* A leader that was stopped for a while may find them written down by the next one: then it writes nothing, as its positions
 * are no longer the next. */
static int write_down(struct work *w)
{
    struct text t = text_new(w->arena);
    int64_t taken;

    for (const struct mark *m = relay.marks; m < relay.marks + relay.mark_count; m++) {
        text_addf(&t, "%s{\"no\":%" PRId64 ",\"position\":%" PRId64 ",\"hash\":\"%s\",\"epoch\":\"%s\",",
                  t.length ? "," : "[", m->no, m->position, m->hash, stream_epoch());
        text_addf(&t, "\"seq\":%" PRId64 "}", m->seq);
    }
    text_add(&t, "]");
    TRY(q_event_published(w, t.bytes, &taken));
    return (size_t)taken == relay.mark_count
               ? OK
               : fail(w, CONFLICT, "relay.overtaken", "another relay was faster");
}

/* What is not written down is published again. */
static void forget(void)
{
    relay.mark_count = 0;
    relay.head.known = false;
    memset(relay.recent, 0, sizeof relay.recent);
}

static bool marks_due(void)
{
    return relay.mark_count >= PUBLISH_MAX || (relay.mark_count && clock_ms() >= relay.rested);
}

static void write_marks(void)
{
    struct work w;

    if (!relay.mark_count)
        return;
    work_begin(&w, relay.service, JOB, "relay");
    if (work_run(&w, write_down, NULL) == OK)
        relay.mark_count = 0;
    else
        forget();
    crash_point("relay.marked");
    work_end(&w);
    relay.rested = clock_ms() + MARK_PACE_MS;
    news_tell();
}

/* --- the thread ---------------------------------------------------------------------------------------- */

/* Returns whether there may be more to publish. */
static bool pass_on(bool fresh, bool look)
{
    bool more = false;
    struct work w;

    if (stream_due(fresh))
        write_marks(); /* a look at what the stream holds is one at what is written down */
    if (!stream_look(relay.service, fresh))
        return false;
    work_begin(&w, relay.service, JOB, "relay");
    publish(&w, look, &more);
    work_end(&w);
    return more;
}

static int64_t patience(void)
{
    int64_t rest = relay.rested - clock_ms();

    return relay.mark_count && rest < POLL_MS ? (rest > 0 ? rest : 0) : POLL_MS;
}

static void *run(void *unused)
{
    bool fresh, leads, open, look = true;

    (void)unused;
    prctl(PR_SET_NAME, "relay");
    while (!atomic_load(&relay.stopping)) {
        look = look || wait_for_work(patience());
        leads = leader_check(relay.leader, &fresh);
        metrics_set(RELAY_LEADER, leads);
        if (fresh || !leads)
            forget();
        open = leads && publish_ready();
        handed_open(open);
        look = open && pass_on(fresh, look);
        if (marks_due())
            write_marks();
    }
    write_marks();
    return NULL;
}

void relay_start(const struct service *s)
{
    relay.service = s;
    relay.leader = leader_new(s->name, "relay");
    clock_cond_init(&relay.work);
    publish_start(s);
    pthread_create(&relay.thread, NULL, run, NULL);
}

void relay_stop(void)
{
    atomic_store(&relay.stopping, true);
    relay_wake(true);
    pthread_join(relay.thread, NULL);
    leader_free(relay.leader);
    /* What publishes stays: acknowledgements may still come until the connection is closed, and then we are gone. */
}
