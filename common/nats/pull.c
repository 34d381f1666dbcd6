#include "pull.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "clock.h"
#include "durable.h"
#include "work.h"

/* Protocol: nats-architecture-and-design ADR-13; what our versions do otherwise: reliability.md, A.6. */

enum { HEARTBEAT_MS = 500, EXPIRES_MS = 5000, CHECK_MS = 10000, FLUSH_MS = 500 };

void pull_init(struct pull *p, const char *durable, const char *subject, bool alone, bool in_turns)
{
    *p = (struct pull){
        .durable = durable, .subject = subject, .alone = alone, .in_turns = in_turns, .delivered = -1};
    snprintf(p->source, sizeof p->source, "%.*s", (int)strcspn(subject, "."), subject);
}

/* What the server sent and we did not look at goes back at once, instead of waiting for its time to run out. */
static void hand_back(struct pull *p)
{
    natsMsg *msg;

    while (natsSubscription_NextMsg(&msg, p->inbox, 0) == NATS_OK) {
        if (natsMsg_GetDataLength(msg) > 0)
            natsConnection_PublishString(bus_connection(), natsMsg_GetReply(msg), "-NAK");
        natsMsg_Destroy(msg);
    }
}

/* The library's reader may still be at a message for a subscription that is destroyed, and then writes into freed
 * memory (nats.c 3.4.1, its issue 637). Nothing is on its way any more when the server answers a flush; one that never
 * answers in time is kept until many others have come and gone. */
static void let_go(struct pull *p)
{
    natsSubscription **kept;

    if (natsConnection_FlushTimeout(bus_connection(), FLUSH_MS) == NATS_OK) {
        natsSubscription_Destroy(p->inbox);
        return;
    }
    kept = &p->kept[p->kept_next++ % COUNT(p->kept)];
    natsSubscription_Destroy(*kept);
    *kept = p->inbox;
}

void pull_close(struct pull *p)
{
    if (p->inbox) {
        hand_back(p);
        natsSubscription_Unsubscribe(p->inbox);
        let_go(p);
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
    if (!bus_connected() || !durable_make(p->source, p->durable, p->subject, p->alone))
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

    bus_stream_name(p->source, stream);
    snprintf(subject, sizeof subject, "$JS.API.CONSUMER.MSG.NEXT.%s.%s", stream, p->durable);
    natsConnection_PublishRequestString(bus_connection(), subject, p->reply_to, what);
}

/* A message that comes alone costs nats-server and us a system call and a thread's waking. So whoever takes his turn has one
 * brought, and those that come meanwhile all at once; whoever is in a hurry has as many on their way as he works on. */
static void ask(struct pull *p)
{
    int most = p->in_turns ? 1 : 2 * PULL;
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

void pull_more(struct pull *p, int count)
{
    char what[64];

    snprintf(what, sizeof what, "{\"batch\":%d,\"no_wait\":true}", count);
    request(p, what);
    p->outstanding = count;
    p->expires = clock_ms() + EXPIRES_MS;
}

void pull_enough(struct pull *p)
{
    p->outstanding = 0;
}

/* The server will not send what was left of one of our requests: it says how much that was. What ends without a word is not
 * more than PULL, so that more is asked for all the same, or it was all there was, and `expires` tells. */
static void ended(struct pull *p, natsMsg *msg)
{
    const char *left = NULL;
    bool told = natsMsgHeader_Get(msg, "Nats-Pending-Messages", &left) == NATS_OK;

    p->outstanding -= told ? (int)strtol(left, NULL, 10) : p->outstanding;
    if (p->outstanding < 0)
        p->outstanding = 0;
}

/* A status message: 100 is a heartbeat, 404 and 408 end a request, 409 asks for a new one. */
static bool is_status(struct pull *p, natsMsg *msg)
{
    const char *status = NULL;

    if (natsMsg_GetDataLength(msg) > 0 || natsMsgHeader_Get(msg, "Status", &status) != NATS_OK)
        return false;
    if (strcmp(status, "100") != 0)
        ended(p, msg);
    return true;
}

bool pull_open(struct pull *p)
{
    if (!subscribe(p))
        return false;
    ask(p);
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

bool pull_is_over(const struct pull *p)
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
    if (durable_unstick(p->source, p->durable, p->subject, &p->delivered))
        pull_close(p);
}
