/* Messages that were pulled, and what the server is told of them. Inside common/event only. */
#ifndef BACKROOM_MESSAGES_H
#define BACKROOM_MESSAGES_H

#include <nats/nats.h>
#include <stdbool.h>
#include <stdint.h>

#include "pull.h"

struct messages {
    natsMsg *all[PULL];
    int count;
};

/* Is there room for one more, and one more to come? */
bool messages_may_grow(const struct messages *m, const struct pull *p);
/* One more; there is room for it. */
enum pulled messages_receive(struct messages *m, struct pull *p, int64_t wait_ms);
/* Whatever is there, up to a batch: at once, or within a time for the last of those that were asked for to come. */
void messages_take(struct messages *m, struct pull *p, int64_t wait_ms);
void messages_drop(struct messages *m);

/* How often message n was delivered. */
int messages_deliveries(const struct messages *m, int n);
/* What the server still has for this consumer. */
int64_t messages_pending(const struct messages *m);

/* Of message n: "+ACK", "+WPI" (it takes longer), "-NAK" (to be brought again). */
void messages_reply(const struct messages *m, int n, const char *what);
/* To be brought again after a while. */
void messages_nak_delayed(const struct messages *m, int n, int64_t delay_ms);

#endif
