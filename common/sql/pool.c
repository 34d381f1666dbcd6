#include "pool.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

/* A connection that is given back is free for the next work that takes one, whose thread is running already;
 * but once the first in the queue has waited this long, it is handed to that one, or a busy pool would
 * starve it. */
enum { FAIR_AFTER_MS = 5 };

/* The pool is congested when the first in a queue as long as the pool has waited this long: a work that comes
 * now would wait as long, so it is refused before anything was done for it. A shorter queue is over as
 * soon as one slow commit is. */
enum { CONGESTED_MS = 100 };

/* A work without a connection. Never freed, as it is signalled after the lock was left. */
struct waiter {
    pthread_cond_t served;
    int64_t since;
    struct sql_conn *given;
    bool may_open; /* a connection was broken: the waiter opens one in its place */
    struct waiter *next;
};

static struct {
    pthread_mutex_t lock;
    struct sql_conn **idle;
    struct waiter *first, **last, *spare;
    int size, open, idle_count;
    atomic_int waiting;
    int64_t pause_until;
    atomic_llong
        oldest; /* since when the first in the queue waits, 0 for an empty one: read without the lock */
    atomic_llong answered; /* when a connection was last given back in good health */
    atomic_ullong refused;
    sem_t for_background; /* so many more may be taken for background work */
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .last = &pool.first};

void conn_pool_open(int size)
{
    pool.size = size;
    pool.idle = calloc((size_t)size, sizeof *pool.idle);
    sem_init(&pool.for_background, 0, (unsigned)(size + 1) / 2);
}

void conn_pool_close(void)
{
    pthread_mutex_lock(&pool.lock);
    while (pool.idle_count > 0) {
        conn_close(pool.idle[--pool.idle_count]);
        pool.open--;
    }
    pthread_mutex_unlock(&pool.lock);
}

/* --- taking and giving, under the lock ------------------------------------------------------------------ */

static struct waiter *waiter_join(void)
{
    struct waiter *me = pool.spare;

    if (me) {
        pool.spare = me->next;
    } else {
        me = calloc(1, sizeof *me);
        clock_cond_init(&me->served);
    }
    me->since = clock_ms();
    me->given = NULL;
    me->may_open = false;
    me->next = NULL;
    *pool.last = me;
    pool.last = &me->next;
    atomic_store(&pool.oldest, pool.first->since);
    atomic_fetch_add(&pool.waiting, 1);
    return me;
}

static void waiter_leave(struct waiter *me)
{
    struct waiter **at = &pool.first;

    while (*at != me)
        at = &(*at)->next;
    *at = me->next;
    if (!*at)
        pool.last = at;
    atomic_store(&pool.oldest, pool.first ? pool.first->since : 0);
    atomic_fetch_sub(&pool.waiting, 1);
}

static struct sql_conn *wait_in_queue(int64_t until, bool *may_open)
{
    struct timespec deadline = clock_moment(until);
    struct waiter *me = waiter_join();
    bool late = false;

    while (!me->given && !me->may_open && !pool.idle_count && !late)
        late = pthread_cond_timedwait(&me->served, &pool.lock, &deadline) == ETIMEDOUT;
    if (!me->given && !me->may_open) {
        waiter_leave(me);
        if (pool.idle_count)
            me->given = pool.idle[--pool.idle_count];
        else
            atomic_fetch_add(&pool.refused, 1);
    }
    *may_open = me->may_open;
    me->next = pool.spare;
    pool.spare = me;
    return me->given;
}

/* The one that was used last, preferring those of the wanted class: to change the class costs a statement. */
static struct sql_conn *pick(enum session_class wanted)
{
    int last = --pool.idle_count, i = last;
    struct sql_conn *c;

    while (i > 0 && pool.idle[i]->class != wanted)
        i--;
    if (pool.idle[i]->class != wanted)
        i = last;
    c = pool.idle[i];
    memmove(pool.idle + i, pool.idle + i + 1, (size_t)(last - i) * sizeof(struct sql_conn *));
    return c;
}

/* An idle connection, or NULL; *may_open: the caller opens one more. */
static struct sql_conn *take(int64_t until, enum session_class wanted, bool *may_open)
{
    *may_open = false;
    if (pool.idle_count > 0)
        return pick(wanted);
    if (pool.open == pool.size)
        return wait_in_queue(until, may_open);
    *may_open = true;
    pool.open++;
    return NULL;
}

/* c: a connection that came free, NULL for a broken one that left its place. Returns the waiter to wake. */
static struct waiter *give(struct sql_conn *c)
{
    struct waiter *first = pool.first;

    if (c && (!first || clock_ms() - first->since < FAIR_AFTER_MS)) {
        pool.idle[pool.idle_count++] = c;
    } else if (first) {
        waiter_leave(first);
        first->given = c;
        first->may_open = !c;
    } else {
        pool.open--;
    }
    return first;
}

/* --- the pool ------------------------------------------------------------------------------------------- */

static void give_and_wake(struct sql_conn *c, int pause_ms)
{
    struct waiter *next;

    pthread_mutex_lock(&pool.lock);
    if (pause_ms)
        pool.pause_until = clock_ms() + pause_ms;
    next = give(c);
    pthread_mutex_unlock(&pool.lock);
    if (next)
        pthread_cond_signal(&next->served);
}

static struct sql_conn *take_or_open(int64_t wait_until, int64_t until, enum session_class class)
{
    struct sql_conn *c;
    bool may_open, pause;
    int64_t now;

    pthread_mutex_lock(&pool.lock);
    c = take(wait_until, class, &may_open);
    now = clock_ms();
    pause = now < pool.pause_until || until - now < CONNECT_MS;
    pthread_mutex_unlock(&pool.lock);
    if (c && conn_has_ended(c)) { /* another is opened in its place */
        conn_close(c);
        c = NULL;
        may_open = true;
    }
    if (c || !may_open)
        return c;
    c = pause ? NULL : conn_open();
    if (!c)
        give_and_wake(NULL, pause ? 0 : CONNECT_PAUSE_MS);
    return c;
}

struct sql_conn *conn_take(int wait_ms, int64_t until, enum session_class class)
{
    int64_t now = clock_ms(), wait_until = now + wait_ms < until ? now + wait_ms : until;
    bool background = class == BACKGROUND;
    struct sql_conn *c;

    if (now >= until || (background && !clock_sem_wait(&pool.for_background, wait_until)))
        return NULL;
    c = take_or_open(wait_until, until, class);
    if (c)
        c->background = background;
    else if (background)
        sem_post(&pool.for_background);
    return c;
}

void conn_give(struct sql_conn *c)
{
    bool broken = c->broken || PQstatus(c->pg) != CONNECTION_OK, background = c->background;

    if (broken)
        conn_close(c);
    else
        atomic_store_explicit(&pool.answered, clock_ms(), memory_order_relaxed);
    give_and_wake(broken ? NULL : c, 0);
    if (background)
        sem_post(&pool.for_background);
}

bool conn_pool_busy(int64_t within_ms)
{
    bool full;

    pthread_mutex_lock(&pool.lock);
    full = pool.open == pool.size && !pool.idle_count;
    pthread_mutex_unlock(&pool.lock);
    return full && clock_ms() - atomic_load(&pool.answered) < within_ms;
}

bool conn_pool_congested(void)
{
    int64_t since = atomic_load(&pool.oldest);

    if (!since || atomic_load(&pool.waiting) < pool.size || clock_ms() - since < CONGESTED_MS)
        return false;
    atomic_fetch_add(&pool.refused, 1);
    return true;
}

void conn_pool_gauges(int *open, int *used, uint64_t *refused)
{
    pthread_mutex_lock(&pool.lock);
    *open = pool.open;
    *used = pool.open - pool.idle_count;
    pthread_mutex_unlock(&pool.lock);
    *refused = atomic_load(&pool.refused);
}
