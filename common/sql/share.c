#include "share.h"

#include <pthread.h>
#include <semaphore.h>

#include "clock.h"
#include "sql.h"
#include "sql_conn.h"
#include "statement.h"

/* Of the pool's connections a quarter carries such reads, one for each processor: more would only make the parties
 * smaller. */
enum { TOGETHER = 64, WAIT_MS = 200, POOL_PER_CARRIER = 4 };

enum place { WAITING, CARRIED, CARRIER, REFUSED };

/* What somebody asks. A semaphore and no condition: who is woken has nothing to lock, and it may go as soon as he is. */
struct wish {
    struct wish *next;
    sem_t told;
    enum place place;
    enum shared outcome;
    int64_t until; /* milliseconds of the monotonic clock: the carrier's is that of the whole party */
    const struct query *query;
    const char *const *values;
    PGresult *result;
};

static struct {
    pthread_mutex_t lock;
    struct wish *first, **last;
    int carriers;
} share = {.lock = PTHREAD_MUTEX_INITIALIZER, .last = &share.first};

/* --- the queue, under the lock --------------------------------------------------------------------------- */

static struct wish *pop(void)
{
    struct wish *first = share.first;

    if (!first)
        return NULL;
    share.first = first->next;
    if (!share.first)
        share.last = &share.first;
    return first;
}

static void leave(struct wish *me)
{
    struct wish **at = &share.first;

    while (*at != me)
        at = &(*at)->next;
    *at = me->next;
    if (!*at)
        share.last = at;
}

/* Whoever finds a carrier's place free takes it; nobody waits then, as each carrier hands his place on. */
static void join(struct wish *me)
{
    int carriers = (conn_pool_size() + POOL_PER_CARRIER - 1) / POOL_PER_CARRIER;

    me->next = NULL;
    me->place = WAITING;
    if (share.carriers < carriers) {
        share.carriers++;
        me->place = CARRIER;
    } else {
        *share.last = me;
        share.last = &me->next;
    }
}

/* --- waiting --------------------------------------------------------------------------------------------- */

/* Until he is answered, refused, or the next carrier. */
static void wait_for_turn(struct wish *me)
{
    if (clock_sem_wait(&me->told, clock_ms() + WAIT_MS))
        return;
    pthread_mutex_lock(&share.lock);
    if (me->place == WAITING) {
        leave(me);
        me->place = REFUSED;
    }
    pthread_mutex_unlock(&share.lock);
    if (me->place == REFUSED)
        conn_refused();
    else
        while (sem_wait(&me->told))
            ;
}

/* --- carrying -------------------------------------------------------------------------------------------- */

static void take_answer(struct wish *wish, PGresult *r)
{
    if (PQresultStatus(r) == PGRES_TUPLES_OK) {
        wish->result = r;
        wish->outcome = ANSWERED;
    } else {
        wish->outcome = ALONE;
        PQclear(r);
    }
}

static void read_to_the_end(struct sql_conn *c)
{
    for (bool end = false; !end && !c->broken;) {
        PGresult *r = conn_result(c);

        end = PQresultStatus(r) == PGRES_PIPELINE_SYNC;
        PQclear(r);
        c->broken |= PQstatus(c->pg) != CONNECTION_OK;
    }
}

static void read_answers(struct sql_conn *c, struct wish **party)
{
    for (int i = 0; i < c->pending_count && !c->broken; i++) {
        const struct pending *p = &c->pending[i];
        PGresult *r = conn_result(c);

        if (p->prepares && PQresultStatus(r) == PGRES_COMMAND_OK)
            statement_prepared(c, p->prepares);
        if (p->answers)
            take_answer(*party++, r);
        else
            PQclear(r);
        while (!c->broken && (r = conn_result(c)))
            PQclear(r);
    }
    c->pending_count = 0;
    read_to_the_end(c);
}

/* One synchronisation for all: what comes behind one that failed is not run. */
static void ask(struct wish **party, int n, int64_t until)
{
    struct sql_conn *c = conn_take(WAIT_MS, until, false);

    if (!c)
        return;
    c->answer_ms = ANSWER_MS;
    c->until = until;
    for (int i = 0; i < n && !c->broken; i++) {
        const struct query *q = party[i]->query;

        c->broken = !statement_send(c, q->name, q->sql, q->parameters, party[i]->values);
    }
    c->broken = c->broken || !PQpipelineSync(c->pg);
    read_answers(c, party);
    conn_give(c);
}

static int gather(struct wish *me, struct wish **party)
{
    int n = 0;

    pthread_mutex_lock(&share.lock);
    for (struct wish *each = me; each; each = n < TOGETHER ? pop() : NULL) {
        each->place = CARRIED;
        party[n++] = each;
    }
    pthread_mutex_unlock(&share.lock);
    return n;
}

static void carry(struct wish *me)
{
    struct wish *party[TOGETHER], *next;
    int n = gather(me, party);

    ask(party, n, me->until);
    pthread_mutex_lock(&share.lock);
    next = pop();
    if (next)
        next->place = CARRIER;
    else
        share.carriers--;
    pthread_mutex_unlock(&share.lock);
    if (next)
        sem_post(&next->told);
    for (int i = 1; i < n; i++)
        sem_post(&party[i]->told);
}

enum shared share_read(const struct query *q, const char *const *values, int64_t until,
                       struct pg_result **result)
{
    struct wish me = {.until = until, .query = q, .values = values, .outcome = LOST};
    bool carries;

    sem_init(&me.told, 0, 0);
    pthread_mutex_lock(&share.lock);
    join(&me);
    carries = me.place == CARRIER;
    pthread_mutex_unlock(&share.lock);
    if (!carries)
        wait_for_turn(&me);
    if (me.place == CARRIER)
        carry(&me);
    sem_destroy(&me.told);
    *result = me.result;
    return me.outcome;
}
