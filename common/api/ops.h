/* The second port, for operators: /livez, /readyz, /metrics. It has threads of its own and needs no
 * database connection to answer /livez and /metrics, so it stays alive when all of the public port's
 * threads wait. */
#ifndef BACKROOM_OPS_H
#define BACKROOM_OPS_H

#include <stdbool.h>

bool ops_start(const char *address, int port);
void ops_stop(void);
/* NULL when ready, else what is missing: shown by /readyz. Set at start and before draining. */
void ops_not_ready(const char *why);

#endif
