/*
 * Pulls the messages of a durable consumer from nats-server.
 *
 * The protocol is ADR-13 of nats-architecture-and-design: a request for so many messages with a time limit,
 * the messages, and status messages: 100 is a heartbeat, 404 and 408 end a request, 409 asks for a new one.
 * natsSubscription_Fetch() of nats.c 3.4.1 miscounts and may write beyond its array, so it is not used.
 * nats-server 2.9.10 does not always report the end of a request: time limits are kept here, too. Inside
 * common/ only.
 */
#ifndef BACKROOM_PULL_H
#define BACKROOM_PULL_H

#include <nats/nats.h>
#include <stdbool.h>
#include <stdint.h>

enum { PULL = 256, LEFT_MAX = 32 }; /* PULL: messages of a batch */

struct pull {
    const char *durable, *subject;
    bool exclusive; /* no other instance pulls from it meanwhile */
    bool lingers; /* one message is requested; when it has come, pull_fetch() requests what has come since */
    char service[64]; /* whose events they are */
    char reply_to[64];
    natsSubscription *inbox;
    natsSubscription *left[LEFT_MAX]; /* unsubscribed, but the library may still use them */
    unsigned left_next;
    unsigned long generation;      /* of the connection */
    int outstanding;               /* messages requested and not received yet */
    int64_t expires;               /* when the open request is over, by our own clock */
    int64_t next_check, delivered; /* when the consumer is checked next, and how far it had delivered then */
};

enum pulled { MESSAGE, STATUS, NOTHING };

void pull_init(struct pull *p, const char *durable, const char *subject, bool exclusive, bool lingers);

/* Subscribes and requests messages where few are outstanding. False: stream, consumer or server are not
 * there. */
bool pull_open(struct pull *p);
/* For one that lingers: requests up to `count` that are there now; then pull_next() until
 * pull_is_complete(). */
void pull_fetch(struct pull *p, int count);
/* No more of them is waited for. */
void pull_end_fetch(struct pull *p);
void pull_close(struct pull *p);

/* *msg is the caller's to destroy. NOTHING came in time; STATUS: a heartbeat, or the end of a request. */
enum pulled pull_next(struct pull *p, int64_t wait_ms, natsMsg **msg);
/* Has everything come that was requested? */
bool pull_is_complete(const struct pull *p);
/* When nothing at all came for so long, stream, consumer or server are gone. */
int64_t pull_silence_ms(void);

/* When nothing came although the server is there: has the consumer lost its way? Then it is created again. */
void pull_check(struct pull *p);

#endif
