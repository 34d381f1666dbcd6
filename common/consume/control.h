/*
 * Decides which of the service's consumers may pull: one thread in every instance polls the table `consumer`,
 * registers consumers that are new, and runs replays, in one of the instances. Inside common/ only.
 */
#ifndef BACKROOM_CONTROL_H
#define BACKROOM_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "durable.h"

struct consumer;

void control_start(const char *service, const struct consumer *rows);
void control_stop(void);

/* May the consumer in this row pull now? */
bool control_allows(size_t row);
/* A transaction of it found that it is suspended. */
void control_suspend(size_t row);

/* Where the durable stood when it was last looked at; false when that is too long ago. */
bool control_position(size_t row, struct durable_position *position);

#endif
