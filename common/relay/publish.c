#include "publish.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "log.h"
#include "relay_queries.h"
#include "stream.h"
#include "work.h"

/* Not the library's own asynchronous publishing: for each event it wakes three threads, one of them for a timer. */

enum { FLUSH_MS = 4000 };

static struct {
    const char *source;
    char inbox[64];
    natsSubscription *answers, *answers_before;
    unsigned long generation;
} out;

void publish_start(const char *service)
{
    out.source = service;
}

/* Every time under another name, so that what answers something earlier is nobody's. */
static bool subscribe(void)
{
    natsInbox *inbox = NULL;
    char subject[80];

    if (natsInbox_Create(&inbox) != NATS_OK)
        return false;
    snprintf(out.inbox, sizeof out.inbox, "%s", inbox);
    natsInbox_Destroy(inbox);
    snprintf(subject, sizeof subject, "%s.*", out.inbox);
    return natsConnection_SubscribeSync(&out.answers, bus_connection(), subject) == NATS_OK;
}

bool publish_stale(void)
{
    return !out.answers || out.generation != bus_generation();
}

void publish_renew(void)
{
    /* The one before may still be in the reader's hands: see let_go() in pull.c. */
    natsSubscription_Destroy(out.answers_before);
    natsSubscription_Unsubscribe(out.answers);
    out.answers_before = out.answers;
    out.answers = NULL;
    out.generation = bus_generation();
    if (!subscribe())
        log_rarely("relay.inbox", "what the stream answers cannot be heard");
}

/* --- what is said ---------------------------------------------------------------------------------------- */

/* CloudEvents 1.0, structured mode. Personal data goes beside the public data: the subject permissions of
 * nats-server keep it among the services. */
static struct text envelope(struct work *w, const struct event_unpublished_row *e)
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
    text_addf(&t, ",\"traceparent\":\"00-%s-%.16s-01\",\"data\":", e->trace, e->trace);
    text_add(&t, e->data);
    if (e->private) {
        text_add(&t, ",\"private\":");
        text_add(&t, e->private);
    }
    text_add(&t, "}");
    return t;
}

/* The server remembers ids for two minutes, also of what it has lost: what is published again goes by another. */
static const char *message_id(struct work *w, const struct event_unpublished_row *e)
{
    return e->position ? textf(w, "%s/%" PRId64, e->id, stream_lost_at()) : e->id;
}

/* What cannot be sent is not answered either. */
void publish_send(struct work *w, const struct event_unpublished_row *e, uint64_t number)
{
    struct text body = envelope(w, e);
    char reply[96];
    natsMsg *msg = NULL;

    snprintf(reply, sizeof reply, "%s.%" PRIu64, out.inbox, number);
    if (natsMsg_Create(&msg, e->type, reply, body.bytes, (int)body.length) == NATS_OK &&
        natsMsgHeader_Set(msg, "Nats-Msg-Id", message_id(w, e)) == NATS_OK &&
        natsMsgHeader_Set(msg, "Content-Type", "application/cloudevents+json") == NATS_OK)
        natsConnection_PublishMsg(bus_connection(), msg);
    natsMsg_Destroy(msg);
}

/* The library would wait a millisecond for more to send. */
void publish_flush(void)
{
    natsConnection_FlushTimeout(bus_connection(), FLUSH_MS);
}

/* --- what is answered ------------------------------------------------------------------------------------ */

static int64_t place_in(natsMsg *msg)
{
    json_t *answer = json_loadb(natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg), 0, NULL);
    const json_t *error = json_object_get(answer, "error");
    int64_t seq = json_integer_value(json_object_get(answer, "seq"));

    if (json_is_true(json_object_get(answer, "duplicate")))
        stream_doubt(false); /* it remembers what it has for two minutes, lost or not */
    if (error || seq <= 0) {
        const char *text = json_text_in(error, "description");

        log_rarely("relay.refused", "%s (%d)", text ? text : "nobody keeps it",
                   (int)json_integer_value(json_object_get(error, "err_code")));
        seq = -1;
    }
    json_decref(answer);
    return seq;
}

bool publish_answer(int64_t wait_ms, uint64_t *number, int64_t *seq)
{
    natsMsg *msg = NULL;

    if (natsSubscription_NextMsg(&msg, out.answers, wait_ms) != NATS_OK)
        return false;
    *number = strtoull(strrchr(natsMsg_GetSubject(msg), '.') + 1, NULL, 10);
    *seq = place_in(msg);
    natsMsg_Destroy(msg);
    return true;
}
