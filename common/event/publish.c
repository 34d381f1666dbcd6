#include "publish.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "bus.h"
#include "clock.h"
#include "common_queries.h"
#include "crash.h"
#include "log.h"
#include "service.h"
#include "stream.h"
#include "work.h"

enum { ACK_MS = 5000 };

/* What the acknowledgements of one batch said; the library calls back from its own thread. */
struct acks {
    pthread_mutex_t lock;
    pthread_cond_t all;
    int64_t seq[PUBLISH_MAX]; /* 0: none yet, -1: refused */
    char ids[PUBLISH_MAX][64];
    int sent, answered;
    bool twice; /* it says that it has one of them already: it remembers ids for two minutes, lost or not */
};

static struct {
    const char *source;
    struct acks acks;
    jsCtx *js, *js_before;
    unsigned long js_generation;
} out = {.acks = {.lock = PTHREAD_MUTEX_INITIALIZER}};

void publish_start(const struct service *s)
{
    out.source = s->name;
    clock_cond_init(&out.acks.all);
}

static void on_ack(jsCtx *js, natsMsg *msg, jsPubAck *ack, jsPubAckErr *error, void *unused)
{
    struct acks *a = &out.acks;
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

bool publish_ready(void)
{
    jsOptions o;

    if (!bus_connected())
        return false;
    if (out.js && out.js_generation == bus_generation())
        return true;
    /* Its acknowledgements may still be in the reader's hands: see let_go() in pull.c. */
    jsCtx_Destroy(out.js_before);
    out.js_before = out.js;
    out.js = NULL;
    jsOptions_Init(&o);
    o.PublishAsync.AckHandler = on_ack;
    o.PublishAsync.MaxPending = 2 * PUBLISH_MAX;
    out.js_generation = bus_generation();
    return natsConnection_JetStream(&out.js, bus_connection(), &o) == NATS_OK;
}

/* CloudEvents 1.0, structured mode. Personal data goes beside the public data: the subject permissions of
 * nats-server keep it among the services. */
static const char *envelope(struct work *w, const struct event_unpublished_row *e)
{
    struct text t = text_new(w->arena);

    text_addf(&t,
              "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"/%s\",\"type\":\"%s\",\"subject\":", e->id,
              out.source, e->type);
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
        s = js_PublishMsgAsync(out.js, &msg, &o);
    natsMsg_Destroy(msg);
    return s == NATS_OK;
}

static void expect(struct work *w, const struct event_unpublished_row *rows, size_t n)
{
    struct acks *a = &out.acks;

    pthread_mutex_lock(&a->lock);
    a->sent = (int)n;
    a->answered = 0;
    a->twice = false;
    memset(a->seq, 0, sizeof a->seq);
    for (size_t i = 0; i < n; i++)
        snprintf(a->ids[i], sizeof a->ids[i], "%s", message_id(w, &rows[i]));
    pthread_mutex_unlock(&a->lock);
}

/* Whoever answers after that is too late: the row stays unpublished and goes again. */
static void wait_for_answers(const struct timespec *deadline)
{
    struct acks *a = &out.acks;

    pthread_mutex_lock(&a->lock);
    while (a->answered < a->sent && pthread_cond_timedwait(&a->all, &a->lock, deadline) == 0)
        ;
    a->sent = 0;
    pthread_mutex_unlock(&a->lock);
}

size_t publish_all(struct work *w, const struct event_unpublished_row *rows, size_t n, int64_t *seq)
{
    struct timespec deadline = clock_moment(clock_ms() + ACK_MS);
    size_t acked = 0;

    expect(w, rows, n);
    for (size_t i = 0; i < n && send_one(w, &rows[i], out.acks.ids[i]);)
        i++;
    /* The library would wait a millisecond for more to send. The round trip costs nothing, as all acknowledgements are
     * waited for next. */
    natsConnection_FlushTimeout(bus_connection(), ACK_MS - 1000);
    crash_point("relay.published");
    wait_for_answers(&deadline);
    crash_point("relay.acked");
    for (; acked < n && out.acks.seq[acked] > 0; acked++)
        seq[acked] = out.acks.seq[acked];
    if (out.acks.twice)
        stream_doubt(false);
    return acked;
}
