#include "publish.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "clock.h"
#include "crash.h"
#include "envelope.h"
#include "log.h"
#include "relay_queries.h"
#include "stream.h"
#include "work.h"

/* The library's own asynchronous publishing is not used: it wakes three threads for each event, one of them
 * for a timer. */

enum { FLUSH_MS = 4000, ACK_MS = 5000, WAIT_MS = 100 };

static struct {
    const char *service;
    const atomic_bool *stopping;
    char inbox[64];
    natsSubscription *acks, *acks_before;
    unsigned long generation; /* of the connection that acks are received on */
    uint64_t next;            /* number of the next event that is published; none is given twice */
} out;

void publish_start(const char *service, const atomic_bool *stopping)
{
    out.service = service;
    out.stopping = stopping;
}

/* --- the inbox of acknowledgements ---------------------------------------------------------------------- */

/* The inbox has another name each time, so that late acknowledgements reach no later window. */
static bool subscribe(void)
{
    natsInbox *inbox = NULL;
    char subject[80];

    if (natsInbox_Create(&inbox) != NATS_OK)
        return false;
    snprintf(out.inbox, sizeof out.inbox, "%s", inbox);
    natsInbox_Destroy(inbox);
    snprintf(subject, sizeof subject, "%s.*", out.inbox);
    return natsConnection_SubscribeSync(&out.acks, bus_connection(), subject) == NATS_OK;
}

static bool is_current(void)
{
    return out.acks && out.generation == bus_generation();
}

/* Acknowledgements of what went out over an earlier connection never come. */
static bool open_inbox(void)
{
    if (is_current())
        return true;
    /* The library's reader may still hold the subscription that is left now, so the one before it is
     * destroyed (pull.c). */
    natsSubscription_Destroy(out.acks_before);
    natsSubscription_Unsubscribe(out.acks);
    out.acks_before = out.acks;
    out.acks = NULL;
    out.generation = bus_generation();
    if (subscribe())
        return true;
    log_rarely("relay.inbox", "cannot subscribe to the stream's acknowledgements");
    return false;
}

/* --- publishing ----------------------------------------------------------------------------------------- */

/* nats-server remembers ids for two minutes, also those of messages that it has lost: an event that is
 * published again after a loss has another id. */
static const char *message_id(struct work *w, const struct event_unpublished_row *e)
{
    return e->position ? textf(w, "%s/%" PRId64, e->id, stream_lost_at()) : e->id;
}

static bool send(struct work *w, const struct event_unpublished_row *e, uint64_t number)
{
    struct text body =
        envelope_write(w, out.service,
                       &(struct event_columns){e->id, e->type, e->aggregate, e->aggregate_id, e->version,
                                               e->at, e->actor, e->trace, e->data, e->private});
    natsStatus sent = NATS_ERR;
    natsMsg *msg = NULL;
    char reply[96];

    snprintf(reply, sizeof reply, "%s.%" PRIu64, out.inbox, number);
    if (natsMsg_Create(&msg, e->type, reply, body.bytes, (int)body.length) == NATS_OK &&
        natsMsgHeader_Set(msg, "Nats-Msg-Id", message_id(w, e)) == NATS_OK &&
        natsMsgHeader_Set(msg, "Content-Type", "application/cloudevents+json") == NATS_OK)
        sent = natsConnection_PublishMsg(bus_connection(), msg);
    natsMsg_Destroy(msg);
    return sent == NATS_OK;
}

/* --- acknowledgements ----------------------------------------------------------------------------------- */

/* The event's place in the stream, -1 if it was refused. */
static int64_t place_in(natsMsg *msg)
{
    json_t *ack = json_loadb(natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg), 0, NULL);
    const json_t *error = json_object_get(ack, "error");
    int64_t seq = json_integer_value(json_object_get(ack, "seq"));

    if (json_is_true(json_object_get(ack, "duplicate")))
        stream_mark_suspect(false); /* the server knows the id, whether it still has the message or not */
    if (error || seq <= 0) {
        const char *text = json_text_in(error, "description");

        log_rarely("relay.refused", "%s (%d)", text ? text : "no stream has this subject",
                   (int)json_integer_value(json_object_get(error, "err_code")));
        seq = -1;
    }
    json_decref(ack);
    return seq;
}

/* False when none came in time, or none will come. */
static bool next_ack(int64_t until, uint64_t *number, int64_t *seq)
{
    natsStatus s = NATS_TIMEOUT;
    natsMsg *msg = NULL;

    while (s == NATS_TIMEOUT && is_current() && clock_ms() < until) {
        s = natsSubscription_NextMsg(&msg, out.acks, WAIT_MS);
        if (s == NATS_TIMEOUT && atomic_load(out.stopping))
            return false;
    }
    if (s != NATS_OK)
        return false;
    *number = strtoull(strrchr(natsMsg_GetSubject(msg), '.') + 1, NULL, 10);
    *seq = place_in(msg);
    natsMsg_Destroy(msg);
    return true;
}

/* They come in any order. */
static size_t collect(uint64_t first, size_t n, int64_t *seqs)
{
    int64_t until = clock_ms() + ACK_MS, seq;
    uint64_t number;
    size_t acknowledged = 0;

    memset(seqs, 0, n * sizeof *seqs);
    while (acknowledged < n && seqs[acknowledged] == 0 && next_ack(until, &number, &seq)) {
        if (number - first < n)
            seqs[number - first] = seq;
        while (acknowledged < n && seqs[acknowledged] > 0)
            acknowledged++;
    }
    return acknowledged;
}

size_t publish_all(struct work *w, const struct event_unpublished_row *events, size_t n, int64_t *seqs)
{
    uint64_t first = out.next;
    size_t sent = 0;

    if (!open_inbox())
        return 0;
    while (sent < n && send(w, &events[sent], first + sent))
        sent++;
    out.next += sent;
    natsConnection_FlushTimeout(bus_connection(),
                                FLUSH_MS); /* the library would wait a millisecond for more */
    crash_point("relay.published");
    return collect(first, sent, seqs);
}
