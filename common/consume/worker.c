#include "worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "consume.h"
#include "control.h"
#include "delivery.h"
#include "leader.h"
#include "messages.h"
#include "metrics.h"
#include "pull.h"
#include "thread.h"

enum {
    BURST_MS = 50, /* longest pause within what is delivered at once */
    RETRY_MS = 200
};

/* One thread for each row. */
struct worker {
    pthread_t thread;
    struct leader *leader; /* of a SINGLE_ACTIVE consumer */
    int64_t next_at;       /* when the next transaction may begin */
    struct consumer_gauge gauge;
    struct delivery delivery;
};

static struct {
    struct worker *workers;
    size_t count;
    atomic_bool stopping;
} all;

/* --- a batch -------------------------------------------------------------------------------------------- */

static void linger(const struct worker *self)
{
    int64_t left = self->next_at - clock_ms();

    if (left > 0 && !atomic_load(&all.stopping))
        usleep((useconds_t)left * 1000);
}

/* Waits for one message, then takes with it what has come. False when stream, consumer or server are gone. */
static bool collect(struct worker *self)
{
    struct messages *m = &self->delivery.messages;
    struct pull *pull = &self->delivery.pull;
    enum pulled first = messages_receive(m, pull, pull_silence_ms());

    if (first != MESSAGE)
        return first == STATUS;
    if (self->delivery.consumer->linger_ms) {
        linger(self);
        pull_fetch(pull, PULL - m->count);
        messages_take(m, pull, BURST_MS);
        pull_end_fetch(pull);
    } else {
        messages_take(m, pull, 0);
    }
    return true;
}

/* With a full batch there is a backlog: no lingering. */
static void process(struct worker *self)
{
    struct delivery *d = &self->delivery;

    self->next_at = d->messages.count < PULL ? clock_ms() + d->consumer->linger_ms : 0;
    atomic_store(&self->gauge.pending, messages_pending(&d->messages));
    delivery_process(d);
    if (d->suspended)
        control_suspend((size_t)(self - all.workers));
}

/* --- pulling -------------------------------------------------------------------------------------------- */

static bool may_pull(struct worker *self)
{
    return control_allows((size_t)(self - all.workers)) &&
           (!self->leader || leader_check(self->leader, NULL));
}

static void *run(void *worker)
{
    struct worker *self = worker;
    struct delivery *d = &self->delivery;

    thread_set_name(d->consumer->name);
    while (!atomic_load(&all.stopping)) {
        if (!may_pull(self) || !pull_open(&d->pull)) {
            pull_close(&d->pull);
            usleep(RETRY_MS * 1000);
            continue;
        }
        if (!collect(self))
            pull_close(&d->pull); /* pull_open() creates it again */
        else if (d->messages.count)
            process(self);
        else
            pull_check(&d->pull);
    }
    pull_close(&d->pull);
    return NULL;
}

/* --- start and stop ------------------------------------------------------------------------------------- */

static void start_worker(struct worker *self, const char *service, const struct consumer *c)
{
    delivery_init(&self->delivery, c, &all.stopping);
    self->gauge.consumer = c->name;
    metrics_add_consumer(&self->gauge);
    if (c->mode & SINGLE_ACTIVE)
        self->leader = leader_new(service, c->name);
    pthread_create(&self->thread, NULL, run, self);
}

void workers_start(const char *service, const struct consumer *rows)
{
    for (const struct consumer *c = rows; c && c->subject; c++)
        all.count++;
    all.workers = calloc(all.count + 1, sizeof *all.workers);
    control_start(service, rows);
    for (size_t i = 0; i < all.count; i++)
        start_worker(&all.workers[i], service, &rows[i]);
}

void workers_stop(void)
{
    atomic_store(&all.stopping, true);
    control_stop();
    for (size_t i = 0; i < all.count; i++) {
        pthread_join(all.workers[i].thread, NULL);
        if (all.workers[i].leader)
            leader_free(all.workers[i].leader);
    }
}
