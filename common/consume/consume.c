#include "consume.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "bus.h"
#include "clock.h"
#include "delivery.h"
#include "leader.h"
#include "messages.h"
#include "metrics.h"
#include "pull.h"
#include "row.h"
#include "signals.h"
#include "thread.h"

enum {
    CONSUMERS_MAX = 16,
    BURST_MS = 50,
    TOGETHER_MS = 2,
};

struct puller {
    pthread_t thread;
    struct leader *leader; /* of an SINGLE_ACTIVE consumer */
    int64_t rested;        /* when the next transaction may begin: its pace */
    struct delivery delivery;
};

static struct {
    const struct consumer *rows;
    struct puller pullers[CONSUMERS_MAX];
    int count;
    atomic_bool stopping;
} all;

/* --- a batch --------------------------------------------------------------------------------------------- */

/* Until the next transaction may begin. */
static void rest(const struct puller *p)
{
    int64_t left = p->rested - clock_ms();

    if (left > 0 && !atomic_load(&all.stopping))
        usleep((useconds_t)left * 1000);
}

/* What was published together comes within a moment, and is not worked on twice. */
static bool another_comes(struct messages *m, struct pull *pull)
{
    return messages_may_grow(m, pull) && messages_more_follow(m) &&
           messages_receive(m, pull, TOGETHER_MS) == MESSAGE;
}

/* Wait for one message, then take with it whatever has come. False when the server fell silent. */
static bool collect(struct puller *p)
{
    struct delivery *d = &p->delivery;
    struct messages *m = &d->batch;
    enum pulled first;

    *m = d->next;
    d->next.count = 0;
    if (!m->count) {
        first = messages_receive(m, &d->pull, pull_silence_ms());
        if (first != MESSAGE)
            return first == STATUS;
    }
    if (d->consumer->linger_ms) {
        rest(p);
        pull_more(&d->pull, PULL - m->count);
        messages_take(m, &d->pull, BURST_MS);
        pull_enough(&d->pull);
    } else {
        messages_take(m, &d->pull, 0);
        while (another_comes(m, &d->pull))
            ;
    }
    return true;
}

static void process(struct puller *p)
{
    struct delivery *d = &p->delivery;
    int64_t left = messages_pending(&d->batch);

    p->rested =
        d->batch.count < PULL ? clock_ms() + d->consumer->linger_ms : 0; /* who is behind does not rest */
    metrics_pending((int)(p - all.pullers), d->consumer->name, left);
    delivery_process(d);
    signal_raise();
}

/* --- pulling --------------------------------------------------------------------------------------------- */

/* Those that nobody works on are brought again. */
static void leave(struct delivery *d)
{
    for (int n = 0; n < d->next.count; n++)
        messages_reply(&d->next, n, "-NAK");
    messages_drop(&d->next);
    pull_close(&d->pull);
}

static bool may_pull(struct puller *p)
{
    return !(p->delivery.consumer->mode & SINGLE_ACTIVE) || leader_check(p->leader, NULL);
}

static void *run(void *puller)
{
    struct puller *p = puller;
    struct delivery *d = &p->delivery;

    thread_set_name(d->consumer->name);
    while (!atomic_load(&all.stopping)) {
        if (!may_pull(p) || !pull_open(&d->pull)) {
            leave(d);
            usleep(200 * 1000);
            continue;
        }
        if (!collect(p))
            pull_close(&d->pull); /* stream, consumer or server gone: made again by pull_open() */
        else if (d->batch.count)
            process(p);
        else
            pull_check(&d->pull);
    }
    leave(d);
    return NULL;
}

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
    return row_named(all.rows, name);
}

void consume_start(const char *service, const struct consumer *rows)
{
    consume_open(rows);
    for (const struct consumer *c = rows; c && c->subject && all.count < CONSUMERS_MAX; c++) {
        struct puller *p = &all.pullers[all.count++];
        struct delivery *d = &p->delivery;

        d->consumer = c;
        d->stopping = &all.stopping;
        pull_init(&d->pull, c->name, c->subject, c->mode & SINGLE_ACTIVE, c->linger_ms > 0);
        if (c->mode & SINGLE_ACTIVE)
            p->leader = leader_new(service, c->name);
        pthread_create(&p->thread, NULL, run, p);
    }
}

void consume_stop(void)
{
    atomic_store(&all.stopping, true);
    for (int i = 0; i < all.count; i++) {
        pthread_join(all.pullers[i].thread, NULL);
        if (all.pullers[i].leader)
            leader_free(all.pullers[i].leader);
    }
}
