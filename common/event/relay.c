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

enum { AT_ONCE = 512, POLL_MS = 100, MARK_PACE_MS = 50, HEAR_MS = 100, ANSWER_MS = 5000, RECENT = 1024 };

/* The last link of the chain. Only the leader adds to it; whenever its own last work failed, it looks it up. */
struct head {
    bool known;
    int64_t position;
    char hash[65];
};

/* An event that was published, which is not written down yet. */
struct mark {
    int64_t no, position;
    int64_t seq;  /* where the stream has it; 0: not known yet, -1: it refused */
    int64_t sent; /* when, in milliseconds of the monotonic clock */
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
    struct mark marks[2 * AT_ONCE]; /* in order of publishing */
    size_t mark_count;
    uint64_t first;         /* the number by which the first of them is answered; the others follow */
    int64_t rested;         /* from when on they may be written down */
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
static void link_up(struct work *w, const struct event_unpublished_row *e)
{
    struct mark *m = &relay.marks[relay.mark_count++];
    struct head *h = &relay.head;

    m->no = strtoll(e->no, NULL, 10);
    m->seq = 0;
    m->sent = clock_ms();
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
    TRY(q_event_unpublished(w, marked_already(w), AT_ONCE, rows, n));
    sql_release(w);
    return OK;
}

/* --- publishing ------------------------------------------------------------------------------------------ */

/* What is not written down is published again. */
static void forget(void)
{
    relay.first += relay.mark_count;
    relay.mark_count = 0;
    relay.head.known = false;
    relay.next_look = 0;
    memset(relay.recent, 0, sizeof relay.recent);
}

/* Answers are not waited for here: while they are on their way, more is published. *more: there may be more to look for. */
static int publish(struct work *w, bool look, bool *more)
{
    struct event_unpublished_row handed[HANDED_MAX], *rows = handed;
    size_t n = 0;

    w->writes = false; /* single statements: there is nothing to lock, and publishing needs no open transaction */
    TRY(find_head(w, &relay.head));
    if (look)
        TRY(look_for(w, &rows, &n));
    else
        n = take_handed(w, handed);
    if (!n)
        return OK;
    crash_point("relay.selected");
    for (size_t i = 0; i < n; i++) {
        publish_send(w, &rows[i], relay.first + relay.mark_count);
        link_up(w, &rows[i]);
    }
    publish_flush();
    crash_point("relay.published");
    metrics_add(EVENTS_PUBLISHED, (int64_t)n);
    *more = n == AT_ONCE;
    return OK;
}

/* --- writing it down --------------------------------------------------------------------------------------- */

/* Take in what was answered; the first of all is waited for, as nothing can be written down without it. */
static void hear(void)
{
    uint64_t number;
    int64_t seq;

    while (publish_answer(relay.marks[0].seq ? 0 : HEAR_MS, &number, &seq)) {
        if (number - relay.first < relay.mark_count)
            relay.marks[number - relay.first].seq = seq;
    }
}

/* Those before the first that the stream does not have: order is kept by starting again there. */
static size_t acknowledged(void)
{
    size_t n = 0;

    while (n < relay.mark_count && relay.marks[n].seq > 0)
        n++;
    return n;
}

/* A leader that was stopped for a while may find them written down by the next one: then it writes nothing, as its positions
 * are no longer the next. */
static int write_down(struct work *w)
{
    struct text t = text_new(w->arena);
    size_t n = acknowledged();
    int64_t taken;

    for (const struct mark *m = relay.marks; m < relay.marks + n; m++) {
        text_addf(&t, "%s{\"no\":%" PRId64 ",\"position\":%" PRId64 ",\"hash\":\"%s\",\"epoch\":\"%s\",",
                  t.length ? "," : "[", m->no, m->position, m->hash, stream_epoch());
        text_addf(&t, "\"seq\":%" PRId64 "}", m->seq);
    }
    text_add(&t, "]");
    TRY(q_event_published(w, t.bytes, &taken));
    return (size_t)taken == n ? OK : fail(w, CONFLICT, "relay.overtaken", "another relay was faster");
}

static bool write_acknowledged(void)
{
    size_t n = acknowledged();
    struct work w;
    int fault;

    if (!n)
        return true;
    crash_point("relay.acked");
    work_begin(&w, relay.service, JOB, "relay");
    fault = work_run(&w, write_down, NULL);
    crash_point("relay.marked");
    work_end(&w);
    if (fault != OK)
        return false;
    relay.mark_count -= n;
    relay.first += n;
    memmove(relay.marks, relay.marks + n, relay.mark_count * sizeof *relay.marks);
    news_tell();
    return true;
}

/* Refused, or not answered in time. */
static bool first_failed(void)
{
    const struct mark *m = &relay.marks[0];

    return relay.mark_count && m->seq <= 0 && (m->seq < 0 || clock_ms() >= m->sent + ANSWER_MS);
}

static bool marks_due(void)
{
    return relay.mark_count >= AT_ONCE || (relay.mark_count && clock_ms() >= relay.rested);
}

static void write_marks(void)
{
    if (!relay.mark_count)
        return;
    hear();
    if (!write_acknowledged()) {
        forget();
    } else if (first_failed()) {
        metrics_add(PUBLISH_ERRORS, 1);
        stream_doubt(true);
        forget();
    }
    relay.rested = clock_ms() + MARK_PACE_MS;
}

/* --- the thread ---------------------------------------------------------------------------------------- */

/* A look at what the stream holds is one at what is written down: what is not by then, and may be lost, is published again. */
static bool stream_good(bool fresh)
{
    unsigned long verified = stream_verified();
    bool good;

    if (stream_due(fresh))
        write_marks();
    good = stream_look(relay.service, fresh);
    if (stream_verified() != verified)
        forget();
    if (!good)
        handed_open(false);
    return good;
}

/* Returns whether there may be more to look for. */
static bool pass_on(bool fresh, bool look)
{
    bool more = false;
    struct work w;

    if (!stream_good(fresh))
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

/* Is it this instance that publishes, and is there somebody to publish to? */
static bool may_publish(bool *fresh)
{
    bool leads = leader_check(relay.leader, fresh), anew, ready = leads && publish_ready(&anew);

    metrics_set(RELAY_LEADER, leads);
    if (*fresh || !leads)
        forget();
    if (ready && anew) {
        write_acknowledged();
        forget();
    }
    handed_open(ready);
    return ready;
}

static void *run(void *unused)
{
    bool fresh, look = true;

    (void)unused;
    prctl(PR_SET_NAME, "relay");
    while (!atomic_load(&relay.stopping)) {
        look = look || wait_for_work(patience());
        if (relay.mark_count < AT_ONCE)
            look = may_publish(&fresh) && pass_on(fresh, look);
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
