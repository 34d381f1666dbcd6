#include "share.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "pool.h"
#include "sql.h"
#include "statement.h"
#include "work.h"

/* Nobody waits longer to be carried. When it is for a party that does not come back, he goes by himself; when parties come
 * and go and there are too many of us, he is refused. */
enum { TOGETHER = 64, WAIT_MS = 200 };

static struct {
    void (*wake)(void);
    struct wish *first, **last; /* who waits */
    struct sql_conn *conn;
    struct wish *party[TOGETHER];   /* who travels */
    struct wish *leaders[TOGETHER]; /* of those whose keys travel in one statement, the first */
    int travelling;                 /* how many of the party */
    int answered;                   /* how many leaders have their answer */
    int at;                         /* which of the connection's pending is answered next */
    int64_t left, until;            /* when the party went, and when the server must have answered */
} carrier = {.last = &carrier.first};

/* The thread that connects, and what it brings. */
static struct {
    pthread_t thread;
    bool joinable;
    atomic_bool busy;
    _Atomic(struct sql_conn *) fresh;
} connector;

/* --- asking -------------------------------------------------------------------------------------------- */

static struct wish *pop(void)
{
    struct wish *first = carrier.first;

    if (!first)
        return NULL;
    carrier.first = first->next;
    if (!carrier.first)
        carrier.last = &carrier.first;
    return first;
}

static void tell(struct wish *wish, enum shared outcome)
{
    wish->outcome = outcome;
    wish->told(wish);
}

void share_ask(struct wish *wish)
{
    wish->next = wish->mate = NULL;
    wish->rows = NULL;
    wish->row = 0;
    wish->since = clock_ms();
    *carrier.last = wish;
    carrier.last = &wish->next;
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

static void *connect_slowly(void *unused)
{
    struct sql_conn *c = conn_open();

    (void)unused;
    if (!c)
        usleep(CONNECT_PAUSE_MS * 1000);
    atomic_store(&connector.fresh, c);
    atomic_store(&connector.busy, false);
    carrier.wake();
    return NULL;
}

/* On a thread of its own, as it may take seconds. */
static void connect_if_needed(void)
{
    if (carrier.conn || atomic_load(&connector.busy))
        return;
    carrier.conn = atomic_exchange(&connector.fresh, NULL);
    if (carrier.conn)
        return;
    if (connector.joinable)
        pthread_join(connector.thread, NULL);
    atomic_store(&connector.busy, true);
    connector.joinable = pthread_create(&connector.thread, NULL, connect_slowly, NULL) == 0;
    if (!connector.joinable)
        atomic_store(&connector.busy, false);
}

/* --- answers ------------------------------------------------------------------------------------------- */

static int row_of(const struct wish *wish, const PGresult *r)
{
    int row = 0;

    while (row < PQntuples(r) &&
           strcmp(PQgetvalue(r, row, wish->question.key_column), wish->question.key) != 0)
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

/* One more than was asked for is the end of the session, said in place of the synchronisation. */
static void take_result(struct sql_conn *c, PGresult *r)
{
    const struct pending *p = &c->pending[carrier.at++];

    if (carrier.at > c->pending_count) {
        PQclear(r);
        c->broken = true;
        return;
    }
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
        if (c->broken)
            return true;
    }
    return false;
}

/* --- sending ------------------------------------------------------------------------------------------- */

static bool asks_the_same(const struct wish *a, const struct wish *b)
{
    return strcmp(a->question.by_keys->name, b->question.by_keys->name) == 0;
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

static const char *keys_of(const struct wish *leader)
{
    struct text keys = sql_list(leader->work);

    for (const struct wish *each = leader; each; each = each->mate)
        sql_list_add(&keys, each->question.key);
    return sql_list_end(&keys);
}

static bool send(struct sql_conn *c, const struct wish *leader)
{
    const struct query *q = leader->mate ? leader->question.by_keys : leader->question.by_key;
    const char *value = leader->mate ? keys_of(leader) : leader->question.key;

    return statement_send(c, q->name, q->sql, q->parameters, &value);
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

static void leave_behind(void)
{
    int64_t latest = clock_ms() - WAIT_MS;

    while (carrier.first && (!carrier.conn || carrier.first->since < latest)) {
        bool alone = !carrier.conn || carrier.left < latest;

        if (!alone)
            conn_refused();
        tell(pop(), alone ? ALONE : LOST);
    }
}

void share_send(void)
{
    connect_if_needed();
    if (carrier.conn && !carrier.travelling) {
        while (carrier.travelling < TOGETHER && carrier.first)
            carrier.party[carrier.travelling++] = pop();
        if (carrier.travelling)
            send_party(carrier.conn);
    }
    leave_behind();
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
    return carrier.first && at_most > WAIT_MS ? WAIT_MS : at_most;
}

void share_open(void (*wake)(void))
{
    carrier.wake = wake;
    connect_if_needed();
}

/* Nobody asks any more: every request is answered. */
void share_close(void)
{
    struct sql_conn *fresh;

    if (connector.joinable)
        pthread_join(connector.thread, NULL);
    if (carrier.conn)
        conn_close(carrier.conn);
    if ((fresh = atomic_exchange(&connector.fresh, NULL)))
        conn_close(fresh);
    carrier.conn = NULL;
}
