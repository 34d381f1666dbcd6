/* Events on their way to the service's stream. Inside common/ only, for the relay's thread alone. */
#ifndef BACKROOM_PUBLISH_H
#define BACKROOM_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_unpublished_row;
struct service;
struct work;

enum { PUBLISH_MAX = 512 };

void publish_start(const struct service *s);
/* Is there a stream to publish to? Made anew with every connection. */
bool publish_ready(void);

/*
 * Publish the rows (PUBLISH_MAX at most) in their order and wait until each is acknowledged, refused, or late; seq[i] is then its place in
 * the stream. Returns how many of them were acknowledged before the first that was not: order is kept by starting again there.
 */
size_t publish_all(struct work *w, const struct event_unpublished_row *rows, size_t n, int64_t *seq);

#endif
