#include "share.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "sql.h"
#include "sql_conn.h"
#include "statement.h"

/* Nobody waits longer to be carried. When it is for a party that does not come back, he goes by himself; when parties come
 * and go and there are too many of us, he is refused. */
enum { TOGETHER = 64, WAIT_MS = 200, CONNECT_PAUSE_MS = 200 };

/* Under the lock: who asks, and what the thread that connects brings. */
static struct {
    pthread_mutex_t lock;
    struct wish *first, **last;
    bool open, connecting;
    struct sql_conn *fresh;
} share = {.lock = PTHREAD_MUTEX_INITIALIZER, .last = &share.first};

/* The carrier's own. */
static struct {
    pthread_t thread, connector;
    bool joinable;
    void (*wake)(void);
    struct sql_conn *conn;
    struct wish *party[TOGETHER],
        *leaders[TOGETHER]; /* who travels; of those whose keys travel together, the first */
    int travelling, answered,
        at;              /* of the party; how many leaders have their answer; of the connection's pending */
    int64_t left, until; /* when the party went, and when the server must have answered */
} carrier;

/* --- asking -------------------------------------------------------------------------------------------- */

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

static void tell(struct wish *wish, enum shared outcome)
{
    wish->outcome = outcome;
    wish->told(wish);
}

void share_ask(struct wish *wish)
{
    bool open;

    wish->next = wish->mate = NULL;
    wish->rows = NULL;
    wish->row = 0;
    wish->since = clock_ms();
    pthread_mutex_lock(&share.lock);
    open = share.open;
    if (open) {
        *share.last = wish;
        share.last = &wish->next;
    }
    pthread_mutex_unlock(&share.lock);
    if (!open)
        tell(wish, ALONE);
    else if (!pthread_equal(pthread_self(), carrier.thread))
        carrier.wake();
}

struct waiting {
    struct wish wish;
    sem_t told;
};

static void post(struct wish *wish)
{
    sem_post(&((struct waiting *)wish)->told);
}

enum shared share_read(struct arena *arena, const struct question *question, struct shared_rows **rows,
                       int *row)
{
    struct waiting me = {.wish = {.question = *question, .arena = arena, .told = post}};

    sem_init(&me.told, 0, 0);
    share_ask(&me.wish);
    while (sem_wait(&me.told))
        ;
    sem_destroy(&me.told);
    *rows = me.wish.rows;
    *row = me.wish.row;
    return me.wish.outcome;
}

void share_release(void *shared_rows)
{
    struct shared_rows *rows = shared_rows;

    if (__atomic_sub_fetch(&rows->readers, 1, __ATOMIC_ACQ_REL))
        return;
    PQclear(rows->result);
    free(rows);
}

/* --- the connection ------------------------------------------------------------------------------------ */

/* On a thread of its own, as to connect may take seconds. */
static void *connect_slowly(void *unused)
{
    struct sql_conn *c = conn_open();

    (void)unused;
    if (!c)
        usleep(CONNECT_PAUSE_MS * 1000);
    pthread_mutex_lock(&share.lock);
    share.fresh = c;
    share.connecting = false;
    pthread_mutex_unlock(&share.lock);
    carrier.wake();
    return NULL;
}

static void connect_if_needed(void)
{
    bool begin;

    if (carrier.conn)
        return;
    pthread_mutex_lock(&share.lock);
    carrier.conn = share.fresh;
    share.fresh = NULL;
    begin = !carrier.conn && !share.connecting;
    share.connecting |= begin;
    pthread_mutex_unlock(&share.lock);
    if (!begin)
        return;
    if (carrier.joinable)
        pthread_join(carrier.connector, NULL);
    carrier.joinable = pthread_create(&carrier.connector, NULL, connect_slowly, NULL) == 0;
}

/* --- answers ------------------------------------------------------------------------------------------- */

static int row_of(const struct wish *wish, const PGresult *r)
{
    int row = 0;

    while (row < PQntuples(r) &&
           strcmp(PQgetvalue(r, row, wish->question.key_column), wish->question.values[0]) != 0)
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

static void take_result(struct sql_conn *c, PGresult *r)
{
    const struct pending *p = &c->pending[carrier.at++];

    if (p->prepares && PQresultStatus(r) == PGRES_COMMAND_OK)
        statement_prepared(c, p->prepares);
    if (p->answers)
        take_answer(carrier.leaders[carrier.answered++], r);
    else
        PQclear(r);
}

/* Until the end of the party's answers: true; or of what has come so far. */
static bool read_answers(struct sql_conn *c)
{
    while (!PQisBusy(c->pg)) {
        PGresult *r = PQgetResult(c->pg); /* NULL stands behind each statement's */

        if (PQstatus(c->pg) != CONNECTION_OK) {
            PQclear(r);
            c->broken = true;
            return true;
        }
        if (PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
            PQclear(r);
            return true;
        }
        if (r)
            take_result(c, r);
    }
    return false;
}

/* --- sending ------------------------------------------------------------------------------------------- */

static bool asks_the_same(const struct wish *a, const struct wish *b)
{
    const struct query *one = a->question.by_keys, *other = b->question.by_keys;

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
static const char *keys_of(const struct wish *leader)
{
    struct text t = text_new(leader->arena);

    for (const struct wish *each = leader; each; each = each->mate) {
        text_add(&t, each == leader ? "{\"" : "\",\"");
        for (const char *c = each->question.values[0]; *c; c++) {
            if (*c == '"' || *c == '\\')
                text_add(&t, "\\");
            text_add_bytes(&t, c, 1);
        }
    }
    text_add(&t, "\"}");
    return t.bytes;
}

static bool send(struct sql_conn *c, const struct wish *leader)
{
    const struct question *asked = &leader->question;
    const struct query *q = leader->mate ? asked->by_keys : asked->query;
    const char *keys[1];

    if (leader->mate)
        keys[0] = keys_of(leader);
    return statement_send(c, q->name, q->sql, q->parameters, leader->mate ? keys : asked->values);
}

/* One synchronisation for all: what comes behind one that failed is not run, and its askers hear ALONE. */
static void send_party(struct sql_conn *c)
{
    int leading = choose_leaders(carrier.party, carrier.travelling, carrier.leaders);

    carrier.at = carrier.answered = 0;
    carrier.left = clock_ms();
    carrier.until = carrier.left + ANSWER_MS;
    c->pending_count = 0;
    for (int i = 0; i < carrier.travelling; i++)
        carrier.party[i]->outcome = ALONE;
    for (int i = 0; i < leading && !c->broken; i++)
        c->broken = !send(c, carrier.leaders[i]);
    c->broken = c->broken || !PQpipelineSync(c->pg) || PQflush(c->pg) < 0;
}

/* The next of those who wait too long, or for whom there is no connection. */
static struct wish *left_behind(void)
{
    int64_t latest = clock_ms() - WAIT_MS;
    struct wish *gone;

    pthread_mutex_lock(&share.lock);
    gone = share.first && (!carrier.conn || share.first->since < latest) ? pop() : NULL;
    pthread_mutex_unlock(&share.lock);
    return gone;
}

void share_send(void)
{
    struct wish *gone;

    connect_if_needed();
    if (carrier.conn && !carrier.travelling) {
        pthread_mutex_lock(&share.lock);
        while (carrier.travelling < TOGETHER && share.first)
            carrier.party[carrier.travelling++] = pop();
        pthread_mutex_unlock(&share.lock);
        if (carrier.travelling)
            send_party(carrier.conn);
    }
    while ((gone = left_behind())) {
        bool alone = !carrier.conn || carrier.left < clock_ms() - WAIT_MS;

        if (!alone)
            conn_refused();
        tell(gone, alone ? ALONE : LOST);
    }
}

/* --- the carrier's rounds ------------------------------------------------------------------------------ */

/* The party is back, well or not. The next one goes before these are told, so that PostgreSQL works meanwhile. */
static void come_back(bool lost)
{
    struct wish *back[TOGETHER];
    int n = carrier.travelling;

    memcpy(back, carrier.party, sizeof back);
    carrier.travelling = 0;
    if (carrier.conn->broken) {
        conn_close(carrier.conn);
        carrier.conn = NULL;
    }
    share_send();
    for (int i = 0; i < n; i++)
        tell(back[i], lost && back[i]->outcome != ANSWERED ? LOST : back[i]->outcome);
}

void share_carry(short revents)
{
    struct sql_conn *c = carrier.conn;
    bool back, late;

    if (!c || !carrier.travelling) {
        share_send();
        return;
    }
    if (revents & POLLOUT && PQflush(c->pg) < 0)
        c->broken = true;
    if (revents & (POLLIN | POLLERR | POLLHUP) && !PQconsumeInput(c->pg))
        c->broken = true;
    back = c->broken || (revents && read_answers(c));
    late = !back && clock_ms() > carrier.until;
    c->broken |= late;
    if (back || late)
        come_back(late);
}

void share_polls(struct pollfd *fd)
{
    struct sql_conn *c = carrier.conn;

    *fd = (struct pollfd){c && carrier.travelling ? PQsocket(c->pg) : -1, POLLIN, 0};
    if (fd->fd >= 0 && PQflush(c->pg) == 1)
        fd->events |= POLLOUT;
}

int share_pause(int at_most)
{
    bool waiting;

    pthread_mutex_lock(&share.lock);
    waiting = share.first;
    pthread_mutex_unlock(&share.lock);
    return waiting && at_most > WAIT_MS ? WAIT_MS : at_most;
}

void share_open(void (*wake)(void))
{
    carrier.thread = pthread_self();
    carrier.wake = wake;
    share.open = true;
    connect_if_needed();
}

/* Nobody asks any more: every request is answered. */
void share_close(void)
{
    pthread_mutex_lock(&share.lock);
    share.open = false;
    pthread_mutex_unlock(&share.lock);
    if (carrier.joinable)
        pthread_join(carrier.connector, NULL);
    if (carrier.conn)
        conn_close(carrier.conn);
    if (share.fresh)
        conn_close(share.fresh);
    carrier.conn = share.fresh = NULL;
}
