#include "pull.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "clock.h"
#include "durable.h"

enum { HEARTBEAT_MS = 500, EXPIRES_MS = 5000, CHECK_MS = 10000, FLUSH_MS = 500 };

void pull_init(struct pull *p, const char *durable, const char *subject, bool exclusive, bool lingers)
{
    *p = (struct pull){
        .durable = durable, .subject = subject, .exclusive = exclusive, .lingers = lingers, .delivered = -1};
    snprintf(p->service, sizeof p->service, "%.*s", (int)strcspn(subject, "."), subject);
}

/* Messages received and not read are delivered again at once, instead of after AckWait. */
static void nak_unread(struct pull *p)
{
    natsMsg *msg;

    while (natsSubscription_NextMsg(&msg, p->inbox, 0) == NATS_OK) {
        if (natsMsg_GetDataLength(msg) > 0)
            natsConnection_PublishString(bus_connection(), natsMsg_GetReply(msg), "-NAK");
        natsMsg_Destroy(msg);
    }
}

/* The library's reader may be delivering a message to a subscription while it is destroyed, and then writes
 * into freed memory (nats.c 3.4.1, its issue 637). When the server answers a flush, no message is on its way
 * any more; a subscription whose flush was not answered in time is destroyed many subscriptions later. */
static void destroy_inbox(struct pull *p)
{
    natsSubscription **left;

    if (natsConnection_FlushTimeout(bus_connection(), FLUSH_MS) == NATS_OK) {
        natsSubscription_Destroy(p->inbox);
        return;
    }
    left = &p->left[p->left_next++ % LEFT_MAX];
    natsSubscription_Destroy(*left);
    *left = p->inbox;
}

void pull_close(struct pull *p)
{
    if (p->inbox) {
        nak_unread(p);
        natsSubscription_Unsubscribe(p->inbox);
        destroy_inbox(p);
    }
    p->inbox = NULL;
    p->outstanding = 0;
}

static bool subscribe(struct pull *p)
{
    natsInbox *inbox = NULL;

    if (p->inbox && p->generation == bus_generation())
        return true;
    pull_close(p);
    if (!bus_connected() || !durable_make(p->service, p->durable, p->subject, p->exclusive))
        return false;
    if (natsInbox_Create(&inbox) != NATS_OK)
        return false;
    snprintf(p->reply_to, sizeof p->reply_to, "%s", inbox);
    natsInbox_Destroy(inbox);
    p->generation = bus_generation();
    return natsConnection_SubscribeSync(&p->inbox, bus_connection(), p->reply_to) == NATS_OK;
}

static void request(struct pull *p, const char *what)
{
    char subject[200], stream[64];

    bus_stream_name(p->service, stream);
    snprintf(subject, sizeof subject, "$JS.API.CONSUMER.MSG.NEXT.%s.%s", stream, p->durable);
    natsConnection_PublishRequestString(bus_connection(), subject, p->reply_to, what);
}

/* A message that travels alone costs nats-server and this process a system call and the waking of a thread.
 * So a consumer that lingers requests one, and then those that came meanwhile all at once; any other has two
 * batches outstanding, so that it never waits for the server while it has a backlog. */
static void request_messages(struct pull *p)
{
    int most = p->lingers ? 1 : 2 * PULL;
    char what[128];

    if (clock_ms() >= p->expires)
        p->outstanding = 0;
    if (p->outstanding > most / 2)
        return;
    snprintf(what, sizeof what, "{\"batch\":%d,\"expires\":%lld,\"idle_heartbeat\":%lld}",
             most - p->outstanding, EXPIRES_MS * 1000000LL, HEARTBEAT_MS * 1000000LL);
    request(p, what);
    p->outstanding = most;
    p->expires = clock_ms() + EXPIRES_MS;
}

void pull_fetch(struct pull *p, int count)
{
    char what[64];

    snprintf(what, sizeof what, "{\"batch\":%d,\"no_wait\":true}", count);
    request(p, what);
    p->outstanding = count;
    p->expires = clock_ms() + EXPIRES_MS;
}

void pull_end_fetch(struct pull *p)
{
    p->outstanding = 0;
}

/* A request is over: its remaining messages, whose number the server states, will not come. Where it does not
 * state one, either not more than PULL of 2 * PULL are missing, so that more is requested all the same, or
 * `expires` ends it. */
static void end_request(struct pull *p, natsMsg *msg)
{
    const char *left = NULL;
    bool stated = natsMsgHeader_Get(msg, "Nats-Pending-Messages", &left) == NATS_OK;

    p->outstanding -= stated ? (int)strtol(left, NULL, 10) : p->outstanding;
    if (p->outstanding < 0)
        p->outstanding = 0;
}

/* Handles a status message (pull.h). */
static bool is_status(struct pull *p, natsMsg *msg)
{
    const char *status = NULL;

    if (natsMsg_GetDataLength(msg) > 0 || natsMsgHeader_Get(msg, "Status", &status) != NATS_OK)
        return false;
    if (strcmp(status, "100") != 0)
        end_request(p, msg);
    return true;
}

bool pull_open(struct pull *p)
{
    if (!subscribe(p))
        return false;
    request_messages(p);
    return true;
}

enum pulled pull_next(struct pull *p, int64_t wait_ms, natsMsg **msg)
{
    if (natsSubscription_NextMsg(msg, p->inbox, wait_ms) != NATS_OK)
        return NOTHING;
    if (is_status(p, *msg)) {
        natsMsg_Destroy(*msg);
        return STATUS;
    }
    p->outstanding--;
    return MESSAGE;
}

bool pull_is_complete(const struct pull *p)
{
    return p->outstanding <= 0;
}

int64_t pull_silence_ms(void)
{
    return HEARTBEAT_MS * 24 / 10;
}

void pull_check(struct pull *p)
{
    if (clock_ms() < p->next_check)
        return;
    p->next_check = clock_ms() + CHECK_MS;
    if (durable_unstick(p->service, p->durable, p->subject, &p->delivered))
        pull_close(p);
}
