/* Messages of a durable consumer, pulled from nats-server. Inside common/ only. */
#ifndef BACKROOM_PULL_H
#define BACKROOM_PULL_H

#include <nats/nats.h>
#include <stdbool.h>
#include <stdint.h>

enum { PULL = 256 }; /* messages of a batch */

struct pull {
    const char *durable, *subject;
    bool alone; /* nobody else pulls from it meanwhile */
    /* One message is waited for, then pull_more() brings what has come meanwhile; else they come as they are said. */
    bool in_turns;
    char source[64]; /* the service whose events they are */
    char reply_to[64];
    natsSubscription *inbox;
    natsSubscription *kept[32]; /* left, but perhaps still in the library's hands */
    unsigned kept_next;
    unsigned long generation;
    int outstanding;               /* messages that the server still owes us */
    int64_t expires;               /* when the open pull is over, by our own clock (A.3) */
    int64_t next_check, delivered; /* when and how far the server had come at the last one */
};

enum pulled { MESSAGE, STATUS, NOTHING };

void pull_init(struct pull *p, const char *durable, const char *subject, bool alone, bool in_turns);

/* Subscribed, and asked for more if there is little on its way. False: stream, consumer or server are not there. */
bool pull_open(struct pull *p);
/* In turns: ask for so many that are there now; then pull_next() until pull_is_over(). */
void pull_more(struct pull *p, int count);
/* No more of them is waited for. */
void pull_enough(struct pull *p);
void pull_close(struct pull *p);

/* *msg is the caller's to destroy. NOTHING came in time; STATUS: the server said that it is there or that the pull is over. */
enum pulled pull_next(struct pull *p, int64_t wait_ms, natsMsg **msg);
/* Has all come that was asked for? */
bool pull_is_over(const struct pull *p);
/* Nothing at all within this time means that the server fell silent. */
int64_t pull_silence_ms(void);

/* Nothing came just now: is there really nothing? Several instances may see that; the first one mends it. */
void pull_check(struct pull *p);

#endif
