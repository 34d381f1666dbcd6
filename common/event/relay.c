#include "relay.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "chain.h"
#include "clock.h"
#include "common_queries.h"
#include "crash.h"
#include "leader.h"
#include "log.h"
#include "metrics.h"
#include "news.h"
#include "service.h"
#include "stream.h"

enum { RELAY_BATCH = 512, POLL_MS = 100, ACK_MS = 5000 };

/* What the acknowledgements of one batch said; the library calls back from its own thread. */
struct acks {
    pthread_mutex_t lock;
    pthread_cond_t all;
    int64_t seq[RELAY_BATCH]; /* 0: none yet, -1: refused */
    char ids[RELAY_BATCH][64];
    int sent, answered;
    bool twice; /* it says that it has one of them already: it remembers ids for two minutes, lost or not */
};

/* The last link of the chain. Only the leader adds to it; whenever its own last work failed, it looks it up. */
struct head {
    bool known;
    int64_t position;
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
    struct acks acks;
    jsCtx *js, *js_before;
    unsigned long js_generation;
    struct head head;
} relay = {.lock = PTHREAD_MUTEX_INITIALIZER, .acks = {.lock = PTHREAD_MUTEX_INITIALIZER}};

void relay_wake(void)
{
    pthread_mutex_lock(&relay.lock);
    relay.woken = true;
    pthread_cond_signal(&relay.work);
    pthread_mutex_unlock(&relay.lock);
    news_tell();
}

static void wait_for_work(int ms)
{
    struct timespec deadline = clock_moment(clock_ms() + ms);

    pthread_mutex_lock(&relay.lock);
    while (!relay.woken && !atomic_load(&relay.stopping) &&
           pthread_cond_timedwait(&relay.work, &relay.lock, &deadline) == 0)
        ;
    relay.woken = false;
    pthread_mutex_unlock(&relay.lock);
}

/* --- publishing a batch -------------------------------------------------------------------------------- */

static void on_ack(jsCtx *js, natsMsg *msg, jsPubAck *ack, jsPubAckErr *error, void *unused)
{
    struct acks *a = &relay.acks;
    const char *id = "";

    (void)js, (void)unused;
    natsMsgHeader_Get(msg, "Nats-Msg-Id", &id);
    pthread_mutex_lock(&a->lock);
    for (int n = 0; n < a->sent; n++) {
        int i = (a->answered + n) % a->sent; /* they come in order, but for refusals */

        if (a->seq[i] == 0 && strcmp(a->ids[i], id) == 0) {
            a->seq[i] = ack ? (int64_t)ack->Sequence : -1;
            a->twice |= ack && ack->Duplicate;
            a->answered++;
            break;
        }
    }
    if (a->answered == a->sent)
        pthread_cond_signal(&a->all);
    pthread_mutex_unlock(&a->lock);
    if (error)
        log_rarely("relay.refused", "%s (%d)", error->ErrText ? error->ErrText : "", (int)error->ErrCode);
    natsMsg_Destroy(msg);
}

static bool jetstream(void)
{
    jsOptions o;

    if (relay.js && relay.js_generation == bus_generation())
        return true;
    /* Its acknowledgements may still be in the reader's hands: see let_go() in consume.c. */
    jsCtx_Destroy(relay.js_before);
    relay.js_before = relay.js;
    relay.js = NULL;
    jsOptions_Init(&o);
    o.PublishAsync.AckHandler = on_ack;
    o.PublishAsync.MaxPending = 2 * RELAY_BATCH;
    relay.js_generation = bus_generation();
    return natsConnection_JetStream(&relay.js, bus_connection(), &o) == NATS_OK;
}

/* CloudEvents 1.0, structured mode. Personal data goes beside the public data: the subject permissions of
 * nats-server keep it among the services. */
static const char *envelope(struct work *w, const struct event_unpublished_row *e)
{
    struct text t = text_new(w->arena);

    text_addf(&t,
              "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"/%s\",\"type\":\"%s\",\"subject\":", e->id,
              relay.service->name, e->type);
    text_add_json(&t, e->aggregate_id);
    text_addf(&t,
              ",\"time\":\"%s\",\"datacontenttype\":\"application/"
              "json\",\"aggregate\":\"%s\",\"aggregateversion\":%s,\"actor\":",
              e->at, e->aggregate, e->version);
    text_add_json(&t, e->actor);
    text_addf(&t, ",\"traceparent\":\"00-%s-%.16s-01\",\"data\":%s", e->trace, e->trace, e->data);
    if (e->private)
        text_addf(&t, ",\"private\":%s", e->private);
    text_add(&t, "}");
    return t.bytes;
}

/* The server remembers ids for two minutes, also of what it has lost: what is published again goes by another. */
static const char *message_id(struct work *w, const struct event_unpublished_row *e)
{
    return e->position ? textf(w, "%s/%" PRId64, e->id, stream_lost_at()) : e->id;
}

static bool send_one(struct work *w, const struct event_unpublished_row *e, const char *id)
{
    const char *body = envelope(w, e);
    natsMsg *msg = NULL;
    jsPubOptions o;
    natsStatus s;

    jsPubOptions_Init(&o);
    o.MsgId = id;
    o.MaxWait = ACK_MS - 1000;
    s = natsMsg_Create(&msg, e->type, NULL, body, (int)strlen(body));
    if (s == NATS_OK)
        s = natsMsgHeader_Set(msg, "Content-Type", "application/cloudevents+json");
    if (s == NATS_OK)
        s = js_PublishMsgAsync(relay.js, &msg, &o);
    natsMsg_Destroy(msg);
    return s == NATS_OK;
}

static void send_all(struct work *w, const struct event_unpublished_row *rows, size_t n)
{
    struct acks *a = &relay.acks;
    struct timespec deadline = clock_moment(clock_ms() + ACK_MS);

    pthread_mutex_lock(&a->lock);
    a->sent = (int)n;
    a->answered = 0;
    a->twice = false;
    memset(a->seq, 0, sizeof a->seq);
    for (size_t i = 0; i < n; i++)
        snprintf(a->ids[i], sizeof a->ids[i], "%s", message_id(w, &rows[i]));
    pthread_mutex_unlock(&a->lock);
    for (size_t i = 0; i < n; i++) {
        if (!send_one(w, &rows[i], a->ids[i]))
            break;
    }
    /* The library would wait a millisecond for more to send. The round trip costs nothing, as all acknowledgements are
     * waited for next. */
    natsConnection_FlushTimeout(bus_connection(), ACK_MS - 1000);
    crash_point("relay.published");
    pthread_mutex_lock(&a->lock);
    while (a->answered < a->sent && pthread_cond_timedwait(&a->all, &a->lock, &deadline) == 0)
        ;
    a->sent = 0; /* whoever answers from now on is too late: the row stays unpublished and goes again */
    pthread_mutex_unlock(&a->lock);
}

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

/* Only the unbroken run of acknowledged events is marked: order is kept by starting again at the first that
 * was not. A leader that was stopped for a while may find them marked by the next one: then it marks nothing, as
 * its positions are no longer the next. */
static int mark(struct work *w, const struct event_unpublished_row *rows, size_t n, size_t *marked,
                struct head *head)
{
    struct text t = text_new(w->arena);
    const char *hash = head->hash;
    int64_t taken;

    text_add(&t, "[");
    for (*marked = 0; *marked < n && relay.acks.seq[*marked] > 0; (*marked)++) {
        const struct event_unpublished_row *e = &rows[*marked];

        if (!e->position) {
            head->position++;
            hash = chain_hash(w, hash,
                              &(struct chain_link){e->id, e->type, e->aggregate, e->aggregate_id, e->version,
                                                   e->at, e->actor, e->trace, e->data});
        }
        text_addf(&t, "%s{\"no\":%s,\"position\":%s,\"hash\":\"%s\",\"epoch\":\"%s\",\"seq\":%" PRId64 "}",
                  *marked ? "," : "", e->no, e->position ? e->position : sql_from_int(w, head->position),
                  hash, stream_epoch(), relay.acks.seq[*marked]);
    }
    text_add(&t, "]");
    memmove(head->hash, hash, sizeof head->hash);
    if (!*marked)
        return OK;
    TRY(q_event_published(w, t.bytes, &taken));
    return (size_t)taken == *marked ? OK : fail(w, CONFLICT, "relay.overtaken", "another relay was faster");
}

static int publish(struct work *w, struct head *head)
{
    struct event_unpublished_row *rows;
    size_t n, marked;

    /* One statement of its own: there is nothing to lock, and publishing needs no open transaction. */
    w->writes = false;
    TRY(q_event_unpublished(w, RELAY_BATCH, &rows, &n));
    sql_release(w);
    w->writes = true;
    if (!n)
        return OK;
    crash_point("relay.selected");
    send_all(w, rows, n);
    crash_point("relay.acked");
    if (relay.acks.twice)
        stream_doubt(false);
    TRY(find_head(w, head));
    TRY(mark(w, rows, n, &marked, head));
    metrics_add(EVENTS_PUBLISHED, (int64_t)marked);
    if (marked < n) {
        metrics_add(PUBLISH_ERRORS, 1);
        stream_doubt(true);
        return OK;
    }
    w->announced = n == RELAY_BATCH; /* there may be more */
    return OK;
}

/* --- the thread ---------------------------------------------------------------------------------------- */

static int publish_once(void)
{
    struct head head = relay.head;
    struct work w;
    bool more;
    int fault;

    work_begin(&w, relay.service, JOB, "relay");
    fault = publish(&w, &head);
    more = fault == OK && w.announced;
    if (fault == OK)
        fault = sql_commit(&w);
    else
        sql_rollback(&w);
    crash_point("relay.marked");
    work_end(&w);
    relay.head = head;
    relay.head.known = fault == OK && head.known;
    if (fault == OK)
        news_tell();
    return more;
}

static void *run(void *unused)
{
    bool fresh, leads, more = false;

    (void)unused;
    while (!atomic_load(&relay.stopping)) {
        if (!more)
            wait_for_work(POLL_MS);
        more = false;
        leads = leader_check(relay.leader, &fresh);
        metrics_set(RELAY_LEADER, leads);
        relay.head.known &= !fresh;
        if (!leads || !bus_connected() || !jetstream() || !stream_look(relay.service, fresh))
            continue;
        more = publish_once();
    }
    return NULL;
}

void relay_start(const struct service *s)
{
    relay.service = s;
    relay.leader = leader_new(s->name, "relay");
    clock_cond_init(&relay.work);
    clock_cond_init(&relay.acks.all);
    pthread_create(&relay.thread, NULL, run, NULL);
}

void relay_stop(void)
{
    atomic_store(&relay.stopping, true);
    relay_wake();
    pthread_join(relay.thread, NULL);
    leader_free(relay.leader);
    /* The contexts stay: acknowledgements may still come until the connection is closed, and then we are gone. */
}
