/* A batch of messages of a durable consumer, and the acknowledgement of each. Inside common/
 * only. */
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

/* Receives one more, for which there is room. */
enum pulled messages_receive(struct messages *m, struct pull *p, int64_t wait_ms);
/* Receives what has come, up to a full batch; waits so long for each that was requested and has not come
 * yet. */
void messages_take(struct messages *m, struct pull *p, int64_t wait_ms);
void messages_drop(struct messages *m);

/* How often message n was delivered. */
int message_deliveries(const struct messages *m, int n);
/* How many more the server had for this consumer when it sent the last one. */
int64_t messages_pending(const struct messages *m);

/* Message n is done. */
void message_ack(const struct messages *m, int n);
/* It takes longer than AckWait: do not deliver it again yet. */
void message_in_progress(const struct messages *m, int n);
/* It is to be delivered again: at once, or after a delay. */
void message_nak(const struct messages *m, int n);
void message_nak_delayed(const struct messages *m, int n, int64_t delay_ms);

#endif
