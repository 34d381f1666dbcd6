#include "convoy.h"

#include <pthread.h>
#include <semaphore.h>
#include <string.h>

#include "cargo.h"
#include "clock.h"
#include "metrics.h"
#include "sql.h"
#include "work.h"

/* While one is under way the next one gathers: larger ones cost everybody less. Before that one is back it only goes if it
 * is ENOUGH, or if only a FEW travel, who would wait for nothing. Whoever was not
 * taken along WAIT_MS after he came goes by himself,
 * as many as there are connections. */
enum { UNDER_WAY = 2, COMPANY = CARGO_MOST, ENOUGH = 8, FEW = 4, WAIT_MS = 100 };

/* On his thread's stack, which waits. */
struct passenger {
    struct passenger *next;
    struct work *work;
    bool commits;
    enum { IN_LINE, TAKEN_ALONG, LEADS } is; /* under the lock */
    sem_t called;
};

/* Those who travel in one: its leader is the first. */
struct company {
    struct passenger *all[COMPANY];
    int count;
};

static struct {
    pthread_mutex_t lock;
    struct passenger *first;
    int waiting;               /* in line */
    int travelling, under_way; /* works, and convoys */
} line = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- under way ------------------------------------------------------------------------------------------ */

/* Something was refused: each by himself, from the beginning. But where a commit was not answered nobody knows what was
 * done, and where there is no connection, there is none for anybody. */
static void tell_outcome(const struct work *carrier, struct work *w)
{
    w->cargo = NULL;
    if (carrier->fault == OK)
        return;
    w->alone = w->retry = carrier->retry || strcmp(carrier->code, "database.unavailable") != 0;
    w->turned_away = carrier->turned_away;
    fail(w, BUSY, carrier->code, "%s", carrier->detail);
}

static void travel_together(const struct company *company)
{
    const struct passenger *leader = company->all[0];
    struct work *works[COMPANY], carrier;

    work_begin(&carrier, REQUEST, leader->work->actor);
    carrier.trace = leader->work->trace;
    carrier.alone = true;
    carrier.writes = leader->commits;
    for (int i = 0; i < company->count; i++) {
        works[i] = company->all[i]->work;
        carrier.until = works[i]->until < carrier.until ? works[i]->until : carrier.until;
    }
    if (cargo_send(&carrier, works, company->count) != OK)
        sql_rollback(&carrier);
    else if (leader->commits)
        sql_commit(&carrier);
    else
        sql_sync(&carrier);
    for (int i = 0; i < company->count; i++) {
        tell_outcome(&carrier, works[i]);
        if (leader->commits && works[i]->fault == OK) /* at once, and not when its thread comes to it */
            work_committed(works[i]);
    }
    work_end(&carrier);
    metrics_add(COMMIT_BATCHES, 1);
    metrics_add(COMMIT_BATCH_REQUESTS, company->count);
}

/* --- the line ------------------------------------------------------------------------------------------- */

/* All under the lock. */

static void join_line(struct passenger *p)
{
    struct passenger **end = &line.first;

    while (*end)
        end = &(*end)->next;
    *end = p;
    line.waiting++;
}

static struct passenger *take_from_line(struct passenger **at)
{
    struct passenger *p = *at;

    *at = p->next;
    line.waiting--;
    return p;
}

static void leave_line(const struct passenger *p)
{
    struct passenger **at = &line.first;

    while (*at != p)
        at = &(*at)->next;
    take_from_line(at);
}

static bool may_go(void)
{
    return line.under_way < UNDER_WAY && (line.waiting >= ENOUGH || line.travelling < FEW);
}

/* Who leads it, or NULL: none goes now. */
static struct passenger *next_leader(void)
{
    struct passenger *next;

    if (!line.first || !may_go())
        return NULL;
    next = take_from_line(&line.first);
    next->is = LEADS;
    line.under_way++;
    line.travelling++;
    return next;
}

static bool goes_along(const struct passenger *leader, const struct passenger *p)
{
    return p->commits == leader->commits && cargo_alike(p->work->cargo, leader->work->cargo);
}

/* Those in line who do the same come along. */
static void gather(struct company *company, struct passenger *leader)
{
    company->all[0] = leader;
    company->count = 1;
    pthread_mutex_lock(&line.lock);
    for (struct passenger **at = &line.first; *at && company->count < COMPANY;) {
        if (goes_along(leader, *at)) {
            (*at)->is = TAKEN_ALONG;
            company->all[company->count++] = take_from_line(at);
        } else {
            at = &(*at)->next;
        }
    }
    line.travelling += company->count - 1;
    pthread_mutex_unlock(&line.lock);
}

static void unlock_and_call(void)
{
    struct passenger *next = next_leader();

    pthread_mutex_unlock(&line.lock);
    if (next)
        sem_post(&next->called);
}

static void lead(struct passenger *me, int (*alone)(struct work *w))
{
    struct company company;

    gather(&company, me);
    if (company.count == 1)
        alone(me->work);
    else
        travel_together(&company);
    pthread_mutex_lock(&line.lock);
    line.under_way--;
    line.travelling -= company.count;
    unlock_and_call();
    for (int i = 1; i < company.count; i++)
        sem_post(&company.all[i]->called);
}

/* Until he is called. What he was called for, or IN_LINE: nobody did in time, and he is not in line any more. */
static int wait_for_call(struct passenger *me)
{
    bool called = clock_sem_wait(&me->called, clock_ms() + WAIT_MS);
    int is;

    pthread_mutex_lock(&line.lock);
    is = me->is;
    if (is == IN_LINE)
        leave_line(me);
    pthread_mutex_unlock(&line.lock);
    while (!called && is != IN_LINE)
        called = sem_wait(&me->called) == 0;
    return is;
}

int convoy_travel(struct work *w, bool commits, int (*alone)(struct work *w))
{
    struct passenger me = {.work = w, .commits = commits};
    int is;

    sem_init(&me.called, 0, 0);
    pthread_mutex_lock(&line.lock);
    join_line(&me);
    unlock_and_call();
    is = wait_for_call(&me);
    if (is == LEADS)
        lead(&me, alone);
    else if (is == IN_LINE)
        alone(w);
    sem_destroy(&me.called);
    return (int)w->fault;
}
