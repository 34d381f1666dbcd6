/* Compares the statuses of an aggregate in its flow, in the check constraint of its table and in the
 * schema of its events. */
#ifndef BACKROOM_STATUS_CHECK_H
#define BACKROOM_STATUS_CHECK_H

#include <stdbool.h>

/*
 * Do they agree for each aggregate? A flow needs both others; without a flow those that there are are
 * compared. False, with a log line for each aggregate that differs. events: the schemas, ends with NULL.
 * Once, at start, after the migrations.
 */
bool statuses_agree(const char *const *events);

#endif
