#include "share.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "sql.h"
#include "sql_conn.h"
#include "statement.h"

/* Of the pool's connections a quarter carries such reads, one for each processor: more would only make the parties
 * smaller. */
enum { TOGETHER = 64, WAIT_MS = 200, POOL_PER_CARRIER = 4 };

enum place { WAITING, CARRIED, CARRIER, REFUSED };

/* Somebody who asks. A semaphore and no condition: who is woken has nothing to lock, and it may go as soon as he is. */
struct wish {
    struct wish *next;
    sem_t told;
    enum place place;
    enum shared outcome;
    int64_t until; /* milliseconds of the monotonic clock: the carrier's is that of the whole party */
    const struct question *question;
    struct arena *arena;
    struct wish *mate; /* the next of those whose keys travel in one statement, of which the first leads */
    struct shared_rows *rows;
    int row;
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

static int row_of(const struct wish *wish, const PGresult *r)
{
    int row = 0;

    while (row < PQntuples(r) &&
           strcmp(PQgetvalue(r, row, wish->question->key_column), wish->question->values[0]) != 0)
        row++;
    return row;
}

/* For the leader and his mates, if he has any. */
static void take_answer(struct wish *leader, PGresult *r)
{
    struct shared_rows *rows = malloc(sizeof *rows);
    bool answered = PQresultStatus(r) == PGRES_TUPLES_OK, together = leader->mate;

    *rows = (struct shared_rows){r, 1};
    for (struct wish *each = leader; each; each = each->mate) {
        each->row = answered && together ? row_of(each, r) : 0;
        each->outcome = answered && (!together || each->row < PQntuples(r)) ? ANSWERED : ALONE;
        if (each->outcome == ANSWERED) {
            each->rows = rows;
            rows->readers++;
        }
    }
    share_release(rows);
}

void share_release(void *shared_rows)
{
    struct shared_rows *rows = shared_rows;

    if (__atomic_sub_fetch(&rows->readers, 1, __ATOMIC_ACQ_REL))
        return;
    PQclear(rows->result);
    free(rows);
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

static void read_answers(struct sql_conn *c, struct wish **leaders)
{
    for (int i = 0; i < c->pending_count && !c->broken; i++) {
        const struct pending *p = &c->pending[i];
        PGresult *r = conn_result(c);

        if (p->prepares && PQresultStatus(r) == PGRES_COMMAND_OK)
            statement_prepared(c, p->prepares);
        if (p->answers)
            take_answer(*leaders++, r);
        else
            PQclear(r);
        while (!c->broken && (r = conn_result(c)))
            PQclear(r);
    }
    c->pending_count = 0;
    read_to_the_end(c);
}

static bool asks_the_same(const struct wish *a, const struct wish *b)
{
    const struct query *one = a->question->by_keys, *other = b->question->by_keys;

    return one && other && strcmp(one->name, other->name) == 0;
}

/* Who asks for what somebody before him asks for, by another key, becomes his mate. Returns how many lead. */
static int choose_leaders(struct wish **party, int n, struct wish **leaders)
{
    int count = 0;

    for (int i = 0; i < n; i++) {
        int of = 0;

        while (of < count && !asks_the_same(leaders[of], party[i]))
            of++;
        if (of == count) {
            leaders[count++] = party[i];
        } else {
            party[i]->mate = leaders[of]->mate;
            leaders[of]->mate = party[i];
        }
    }
    return count;
}

/* An array of PostgreSQL's, of the leader's key and those of his mates. */
static const char *keys_of(struct arena *arena, const struct wish *leader)
{
    struct text t = text_new(arena);

    for (const struct wish *each = leader; each; each = each->mate) {
        text_add(&t, each == leader ? "{\"" : "\",\"");
        for (const char *c = each->question->values[0]; *c; c++) {
            if (*c == '"' || *c == '\\')
                text_add(&t, "\\");
            text_add_bytes(&t, c, 1);
        }
    }
    text_add(&t, "\"}");
    return t.bytes;
}

static bool send(struct sql_conn *c, struct arena *arena, const struct wish *leader)
{
    const struct question *asked = leader->question;
    const struct query *q = leader->mate ? asked->by_keys : asked->query;
    const char *keys[1];

    if (leader->mate)
        keys[0] = keys_of(arena, leader);
    return statement_send(c, q->name, q->sql, q->parameters, leader->mate ? keys : asked->values);
}

/* One synchronisation for all: what comes behind one that failed is not run. */
static void ask(struct wish *me, struct wish **party, int n)
{
    struct sql_conn *c = conn_take(WAIT_MS, me->until, false);
    struct wish *leaders[TOGETHER];
    int count;

    if (!c)
        return;
    count = choose_leaders(party, n, leaders);
    c->answer_ms = ANSWER_MS;
    c->until = me->until;
    for (int i = 0; i < count && !c->broken; i++)
        c->broken = !send(c, me->arena, leaders[i]);
    c->broken = c->broken || !PQpipelineSync(c->pg);
    read_answers(c, leaders);
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

    ask(me, party, n);
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

enum shared share_read(struct arena *arena, const struct question *question, int64_t until,
                       struct shared_rows **rows, int *row)
{
    struct wish me = {.until = until, .question = question, .arena = arena, .outcome = LOST};
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
    *rows = me.rows;
    *row = me.row;
    return me.outcome;
}
