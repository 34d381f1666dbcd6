/* The channels that orders come from. */
#ifndef BACKROOM_ORDERS_CHANNEL_H
#define BACKROOM_ORDERS_CHANNEL_H

struct work;

/* PUT /v1/channels/{name} */
int channel_set(struct work *w);

#endif
