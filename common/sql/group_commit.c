#include "group_commit.h"

#include <pthread.h>
#include <semaphore.h>
#include <string.h>

#include "clock.h"
#include "metrics.h"
#include "pipeline.h"
#include "transaction_state.h"
#include "work.h"
#include "write_batch.h"

enum { BATCHES_MAX = 2, WAIT_MS = 100 };

/* A work that waits for its batch; it is on the stack of its waiting thread. */
struct waiter {
    struct waiter *next;
    struct work *work;
    enum { WAITS, JOINED, LEADS } role; /* under the lock */
    sem_t called;
};

/* Reads and commits. */
static struct queue {
    pthread_mutex_t lock;
    struct waiter *first; /* those that wait, by arrival */
    int waiting;
    int running; /* batches */
} queues[] = {{.lock = PTHREAD_MUTEX_INITIALIZER}, {.lock = PTHREAD_MUTEX_INITIALIZER}};

/* --- a batch ------------------------------------------------------------------------------------------- */

/* The works of one transaction; the leader's is the first. */
struct batch {
    struct waiter *waiters[BATCH_MAX];
    int count;
};

/* What became of the batch is the outcome of each work, but where something was refused it runs again,
 * alone. */
static void set_outcome(const struct work *batch, struct work *w)
{
    struct transaction *t = w->transaction;

    t->queued = NULL;
    if (batch->fault == OK)
        return;
    t->unbatched = t->retry = batch->transaction->retry || strcmp(batch->code, "database.unavailable") != 0;
    t->no_connection = batch->transaction->no_connection;
    fail(w, BUSY, batch->code, "%s", batch->detail);
}

static void run_transaction(struct work *batch, struct work *const *works, int count)
{
    if (write_batch_send(batch, works, count) != OK)
        pipeline_rollback(batch);
    else if (batch->writes)
        pipeline_commit(batch);
    else
        pipeline_read(batch, NULL);
}

static void run_batch(const struct batch *b, bool commits)
{
    const struct waiter *leader = b->waiters[0];
    struct work *works[BATCH_MAX], batch;

    work_begin(&batch, REQUEST, leader->work->actor);
    batch.trace = leader->work->trace;
    batch.writes = commits;
    for (int i = 0; i < b->count; i++) {
        works[i] = b->waiters[i]->work;
        batch.until = works[i]->until < batch.until ? works[i]->until : batch.until;
    }
    run_transaction(&batch, works, b->count);
    for (int i = 0; i < b->count; i++)
        set_outcome(&batch, works[i]);
    work_end(&batch);
    metrics_add(COMMIT_BATCHES, 1);
    metrics_add(COMMIT_BATCH_REQUESTS, b->count);
}

/* --- the queue, under its lock ------------------------------------------------------------------------- */

static void enqueue(struct queue *q, struct waiter *w)
{
    struct waiter **end = &q->first;

    while (*end)
        end = &(*end)->next;
    *end = w;
    q->waiting++;
}

static struct waiter *dequeue(struct queue *q, struct waiter **at)
{
    struct waiter *w = *at;

    *at = w->next;
    q->waiting--;
    return w;
}

static void leave(struct queue *q, const struct waiter *w)
{
    struct waiter **at = &q->first;

    while (*at != w)
        at = &(*at)->next;
    dequeue(q, at);
}

static bool may_run(const struct queue *q)
{
    return q->first && (!q->running || (q->running < BATCHES_MAX && q->waiting >= BATCH_MAX));
}

/* The first waiter becomes the leader of a batch, if one may run. Unlocks. */
static void call_next_leader(struct queue *q)
{
    struct waiter *next = may_run(q) ? dequeue(q, &q->first) : NULL;

    if (next) {
        next->role = LEADS;
        q->running++;
    }
    pthread_mutex_unlock(&q->lock);
    if (next)
        sem_post(&next->called);
}

static void gather(struct queue *q, struct batch *b, struct waiter *leader)
{
    b->waiters[b->count++] = leader;
    pthread_mutex_lock(&q->lock);
    for (struct waiter **at = &q->first; *at && b->count < BATCH_MAX;) {
        if (write_batch_same_shape((*at)->work, leader->work)) {
            (*at)->role = JOINED;
            b->waiters[b->count++] = dequeue(q, at);
        } else {
            at = &(*at)->next;
        }
    }
    pthread_mutex_unlock(&q->lock);
}

/* --- a waiter ------------------------------------------------------------------------------------------ */

static void lead(struct queue *q, struct waiter *me, bool commits, int (*alone)(struct work *w))
{
    struct batch b = {.count = 0};

    gather(q, &b, me);
    if (b.count == 1)
        alone(me->work);
    else
        run_batch(&b, commits);
    pthread_mutex_lock(&q->lock);
    q->running--;
    call_next_leader(q);
    for (int i = 1; i < b.count; i++)
        sem_post(&b.waiters[i]->called);
}

/* Until the waiter was called, or has left the queue as it waited too long: then its role is still WAITS. */
static int wait_for_call(struct queue *q, struct waiter *me)
{
    bool called = clock_sem_wait(&me->called, clock_ms() + WAIT_MS);
    int role;

    pthread_mutex_lock(&q->lock);
    role = me->role;
    if (role == WAITS)
        leave(q, me);
    pthread_mutex_unlock(&q->lock);
    while (!called && role != WAITS)
        called = sem_wait(&me->called) == 0;
    return role;
}

int group_commit_submit(struct work *w, bool commits, int (*alone)(struct work *w))
{
    struct queue *q = &queues[commits];
    struct waiter me = {.work = w};
    int role;

    sem_init(&me.called, 0, 0);
    pthread_mutex_lock(&q->lock);
    enqueue(q, &me);
    call_next_leader(q);
    role = wait_for_call(q, &me);
    if (role == LEADS)
        lead(q, &me, commits, alone);
    else if (role == WAITS)
        alone(w);
    sem_destroy(&me.called);
    return (int)w->fault;
}
