#include "control.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus.h"
#include "clock.h"
#include "consume.h"
#include "consumer_queries.h"
#include "leader.h"
#include "replay.h"
#include "thread.h"
#include "work.h"

enum { TICK_MS = 200, REFRESH_MS = 1000, OBSERVE_MS = 5000, OLD_MS = 30000 };

struct controlled {
    const struct consumer *consumer;
    atomic_bool registered, suspended;
    struct durable_position position; /* under the lock, as of: */
    int64_t observed_at;
};

static struct {
    const char *service;
    pthread_t thread;
    pthread_mutex_t lock;
    atomic_bool stopping;
    struct controlled *all;
    size_t count;
    struct leader *leader; /* of the instance that replays, while something is to be replayed */
    int64_t next_refresh, next_observation;
} control = {.lock = PTHREAD_MUTEX_INITIALIZER};

bool control_allows(size_t row)
{
    const struct controlled *c = &control.all[row];

    return atomic_load(&c->registered) && !atomic_load(&c->suspended);
}

void control_suspend(size_t row)
{
    atomic_store(&control.all[row].suspended, true);
}

bool control_position(size_t row, struct durable_position *position)
{
    const struct controlled *c = &control.all[row];
    bool known;

    pthread_mutex_lock(&control.lock);
    *position = c->position;
    known = c->observed_at && clock_ms() - c->observed_at < OLD_MS;
    pthread_mutex_unlock(&control.lock);
    return known;
}

static void service_of(const struct consumer *c, char service[64])
{
    snprintf(service, 64, "%.*s", (int)strcspn(c->subject, "."), c->subject);
}

/* --- registering ---------------------------------------------------------------------------------------- */

/* Where a part of the stream has expired already a new consumer begins with a replay. */
static int register_one(struct work *w, const struct consumer *c)
{
    char service[64];
    int64_t registered;
    bool complete;

    service_of(c, service);
    if (!bus_connected() || !bus_stream_is_complete(service, &complete))
        return OK; /* there is nothing to consume yet */
    return q_consumer_register(w, c->name, complete ? NULL : "missing", &registered);
}

/* --- states --------------------------------------------------------------------------------------------- */

static struct controlled *controlled_named(const char *name)
{
    for (size_t i = 0; i < control.count; i++) {
        if (strcmp(control.all[i].consumer->name, name) == 0)
            return &control.all[i];
    }
    return NULL;
}

static int64_t number(const char *text, int64_t otherwise)
{
    return text ? strtoll(text, NULL, 10) : otherwise;
}

static bool replay_one(const struct controlled *c, const struct consumer_states_row *row)
{
    return replay_page(&(struct replay){.consumer = c->consumer,
                                        .all = strcmp(row->mode, "all") == 0,
                                        .since = row->since,
                                        .first = number(row->first, 0),
                                        .position = number(row->position, -1),
                                        .barrier = number(row->barrier, 0)},
                       &control.stopping);
}

/* One page of each replay; returns whether some of them got further. */
static bool replay(const struct consumer_states_row *rows, size_t n)
{
    bool some = false, further = false;

    for (size_t i = 0; i < n; i++)
        some |= rows[i].replays && controlled_named(rows[i].name);
    if (some && !control.leader)
        control.leader = leader_new(control.service, "replay");
    if (!some && control.leader) {
        leader_free(control.leader);
        control.leader = NULL;
    }
    if (!some || !bus_connected() || !leader_check(control.leader, NULL))
        return false;
    for (size_t i = 0; i < n && !atomic_load(&control.stopping); i++) {
        const struct controlled *c = controlled_named(rows[i].name);

        if (c && rows[i].replays)
            further |= replay_one(c, &rows[i]);
    }
    return further;
}

static int read_states(struct work *w, struct consumer_states_row **rows, size_t *n)
{
    TRY(q_consumer_states(w, rows, n));
    for (size_t i = 0; i < *n; i++) {
        struct controlled *c = controlled_named((*rows)[i].name);

        if (!c)
            continue;
        atomic_store(&c->suspended, (*rows)[i].suspended);
        atomic_store(&c->registered, true);
    }
    for (size_t i = 0; i < control.count; i++) {
        if (!atomic_load(&control.all[i].registered))
            TRY(register_one(w, control.all[i].consumer));
    }
    sql_release(w);
    return OK;
}

/* Returns whether to go on at once. */
static bool follow(void)
{
    struct consumer_states_row *rows;
    struct work w;
    bool further;
    size_t n;

    work_begin(&w, JOB, "consumers");
    w.writes = false;
    further = read_states(&w, &rows, &n) == OK && replay(rows, n);
    work_end(&w);
    return further;
}

/* --- positions ------------------------------------------------------------------------------------------ */

static void observe(struct controlled *c)
{
    struct durable_position position;
    char service[64];

    service_of(c->consumer, service);
    if (!durable_look_up(service, c->consumer->name, &position))
        return;
    pthread_mutex_lock(&control.lock);
    c->position = position;
    c->observed_at = clock_ms();
    pthread_mutex_unlock(&control.lock);
}

static void observe_all(void)
{
    if (clock_ms() < control.next_observation)
        return;
    control.next_observation = clock_ms() + OBSERVE_MS;
    for (size_t i = 0; i < control.count && bus_connected() && !atomic_load(&control.stopping); i++)
        observe(&control.all[i]);
}

/* --- the thread ----------------------------------------------------------------------------------------- */

static bool all_registered(void)
{
    for (size_t i = 0; i < control.count; i++) {
        if (!atomic_load(&control.all[i].registered))
            return false;
    }
    return true;
}

static void *run(void *unused)
{
    bool further = false;

    (void)unused;
    thread_set_name("consumers");
    while (!atomic_load(&control.stopping)) {
        if (further || clock_ms() >= control.next_refresh) {
            further = follow();
            control.next_refresh = clock_ms() + (all_registered() ? REFRESH_MS : TICK_MS);
        }
        observe_all();
        if (!further)
            usleep(TICK_MS * 1000);
    }
    return NULL;
}

void control_start(const char *service, const struct consumer *rows)
{
    control.service = service;
    for (const struct consumer *c = rows; c && c->name; c++)
        control.count++;
    control.all = calloc(control.count + 1, sizeof *control.all);
    for (size_t i = 0; i < control.count; i++)
        control.all[i].consumer = &rows[i];
    if (control.count)
        pthread_create(&control.thread, NULL, run, NULL);
}

void control_stop(void)
{
    atomic_store(&control.stopping, true);
    if (control.count)
        pthread_join(control.thread, NULL);
    if (control.leader)
        leader_free(control.leader);
}
