#include "consume.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
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
struct puller {
    pthread_t thread;
    struct leader *leader; /* of a SINGLE_ACTIVE consumer */
    int64_t next_at;       /* when the next transaction may begin */
    struct consumer_gauge gauge;
    struct delivery delivery;
};

static struct {
    const struct consumer *rows;
    struct puller *pullers;
    size_t count;
    atomic_bool stopping;
} all;

/* --- a batch -------------------------------------------------------------------------------------------- */

static void linger(const struct puller *p)
{
    int64_t left = p->next_at - clock_ms();

    if (left > 0 && !atomic_load(&all.stopping))
        usleep((useconds_t)left * 1000);
}

/* Waits for one message, then takes with it what has come. False when stream, consumer or server are gone. */
static bool collect(struct puller *p)
{
    struct messages *m = &p->delivery.messages;
    struct pull *pull = &p->delivery.pull;
    enum pulled first = messages_receive(m, pull, pull_silence_ms());

    if (first != MESSAGE)
        return first == STATUS;
    if (p->delivery.consumer->linger_ms) {
        linger(p);
        pull_fetch(pull, PULL - m->count);
        messages_take(m, pull, BURST_MS);
        pull_end_fetch(pull);
    } else {
        messages_take(m, pull, 0);
    }
    return true;
}

/* With a full batch there is a backlog: no lingering. */
static void process(struct puller *p)
{
    struct delivery *d = &p->delivery;

    p->next_at = d->messages.count < PULL ? clock_ms() + d->consumer->linger_ms : 0;
    atomic_store(&p->gauge.pending, messages_pending(&d->messages));
    delivery_process(d);
}

/* --- pulling -------------------------------------------------------------------------------------------- */

static bool may_pull(struct puller *p)
{
    return !p->leader || leader_check(p->leader, NULL);
}

static void *run(void *puller)
{
    struct puller *p = puller;
    struct delivery *d = &p->delivery;

    thread_set_name(d->consumer->name);
    while (!atomic_load(&all.stopping)) {
        if (!may_pull(p) || !pull_open(&d->pull)) {
            pull_close(&d->pull);
            usleep(RETRY_MS * 1000);
            continue;
        }
        if (!collect(p))
            pull_close(&d->pull); /* pull_open() creates it again */
        else if (d->messages.count)
            process(p);
        else
            pull_check(&d->pull);
    }
    pull_close(&d->pull);
    return NULL;
}

/* --- rows ----------------------------------------------------------------------------------------------- */

void consume_open(const struct consumer *rows)
{
    all.rows = rows;
}

const struct consumer *consumer_rows(void)
{
    return all.rows;
}

const struct consumer *consumer_named(const char *name)
{
    const struct consumer *c = all.rows;

    while (c && c->name && strcmp(c->name, name) != 0)
        c++;
    return c && c->name ? c : NULL;
}

static void start_puller(struct puller *p, const char *service, const struct consumer *c)
{
    delivery_init(&p->delivery, c, &all.stopping);
    p->gauge.consumer = c->name;
    metrics_add_consumer(&p->gauge);
    if (c->mode & SINGLE_ACTIVE)
        p->leader = leader_new(service, c->name);
    pthread_create(&p->thread, NULL, run, p);
}

void consume_start(const char *service, const struct consumer *rows)
{
    consume_open(rows);
    for (const struct consumer *c = rows; c && c->subject; c++)
        all.count++;
    all.pullers = calloc(all.count + 1, sizeof *all.pullers);
    for (size_t i = 0; i < all.count; i++)
        start_puller(&all.pullers[i], service, &rows[i]);
}

void consume_stop(void)
{
    atomic_store(&all.stopping, true);
    for (size_t i = 0; i < all.count; i++) {
        pthread_join(all.pullers[i].thread, NULL);
        if (all.pullers[i].leader)
            leader_free(all.pullers[i].leader);
    }
}
