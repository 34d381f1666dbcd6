/* State of the database and the pool, for readiness, overload protection and metrics. */
#ifndef BACKROOM_HEALTH_H
#define BACKROOM_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

/* True when a connection answers and its server has fsync, full_page_writes and synchronous_commit on;
 * else *why is what is missing. */
bool sql_ready(const char **why);
/* Is there so much more work than connections that a request that comes now would better be refused? */
bool sql_congested(void);
/* Connections open, in use, and how often a work waited longer than the bound. */
void sql_gauges(int *open, int *used, uint64_t *refused);

#endif
