/* The threads of consumers: they pull, apply and acknowledge events, as consume.h describes. */
#ifndef BACKROOM_WORKER_H
#define BACKROOM_WORKER_H

struct consumer;

/* service: also the name of its schema. */
void workers_start(const char *service, const struct consumer *rows);
void workers_stop(void);

#endif
