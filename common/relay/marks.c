#include "marks.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "clock.h"
#include "crash.h"
#include "metrics.h"
#include "publish.h"
#include "relay.h"
#include "relay_queries.h"
#include "signals.h"
#include "stream.h"
#include "thread.h"
#include "transaction.h"
#include "work.h"

enum { AT_ONCE = 512, PACE_MS = 50, HEAR_MS = 100, ANSWER_MS = 5000, LAST_TRIES = 5 };

struct mark {
    int64_t no, position;
    int64_t seq;  /* where the stream has it; 0: not known yet, -1: it refused */
    int64_t sent; /* when, in milliseconds of the monotonic clock */
    char hash[65];
};

static struct {
    pthread_t thread;
    pthread_mutex_t writing; /* held while answers are taken in and written down; before `lock` */
    pthread_mutex_t lock;
    pthread_cond_t called;
    bool idle, stopping, lost;
    struct mark all[MARKS_MAX]; /* in order of publishing */
    size_t count;
    uint64_t first; /* the number of the first; the others follow */
    int64_t rested; /* from when on they may be written down */
} marks = {.writing = PTHREAD_MUTEX_INITIALIZER, .lock = PTHREAD_MUTEX_INITIALIZER};

/* --- from the relay ---------------------------------------------------------------------------------------- */

size_t marks_room(void)
{
    size_t room;

    pthread_mutex_lock(&marks.lock);
    room = MARKS_MAX - marks.count;
    pthread_mutex_unlock(&marks.lock);
    return room;
}

uint64_t marks_add(int64_t no, int64_t position, const char *hash)
{
    struct mark *m;
    uint64_t number;
    bool call;

    pthread_mutex_lock(&marks.lock);
    number = marks.first + marks.count;
    m = &marks.all[marks.count++];
    *m = (struct mark){.no = no, .position = position, .sent = clock_ms()};
    snprintf(m->hash, sizeof m->hash, "%s", hash);
    call = marks.idle || marks.count == AT_ONCE;
    marks.idle = false;
    pthread_mutex_unlock(&marks.lock);
    if (call)
        pthread_cond_signal(&marks.called);
    return number;
}

const char *marks_list(struct work *w)
{
    struct text list = sql_list(w);

    pthread_mutex_lock(&marks.lock);
    for (size_t i = 0; i < marks.count; i++)
        sql_list_add(&list, sql_from_int(w, marks.all[i].no));
    pthread_mutex_unlock(&marks.lock);
    return sql_list_end(&list);
}

bool marks_lost(void)
{
    bool lost;

    pthread_mutex_lock(&marks.lock);
    lost = marks.lost;
    pthread_mutex_unlock(&marks.lock);
    return lost;
}

/* --- what was answered --------------------------------------------------------------------------------------- */

/* Is the first of all still without an answer? Nothing can be written down without it. */
static bool first_is_open(void)
{
    bool open;

    pthread_mutex_lock(&marks.lock);
    open = marks.count && marks.all[0].seq == 0;
    pthread_mutex_unlock(&marks.lock);
    return open;
}

static void note(uint64_t number, int64_t seq)
{
    pthread_mutex_lock(&marks.lock);
    if (number - marks.first < marks.count)
        marks.all[number - marks.first].seq = seq;
    pthread_mutex_unlock(&marks.lock);
}

static void hear(void)
{
    uint64_t number;
    int64_t seq;

    while (publish_answer(first_is_open() ? HEAR_MS : 0, &number, &seq))
        note(number, seq);
}

/* --- writing it down ----------------------------------------------------------------------------------------- */

/* Those before the first that the stream does not have: order is kept by starting again there. Under the lock. */
static size_t acknowledged(void)
{
    size_t n = 0;

    while (n < marks.count && marks.all[n].seq > 0)
        n++;
    return n;
}

static _Thread_local size_t taken;

/* A leader that was stopped for a while may find them written down by the next one: then it writes nothing, as its positions
 * are no longer the next. */
static int write_down(struct work *w)
{
    struct text t = text_new(w->arena);
    int64_t written;

    for (size_t i = 0; i < taken; i++) { /* `writing` is held: the first ones stay where they are */
        const struct mark *m = &marks.all[i];

        text_addf(&t, "%s{\"no\":%" PRId64 ",\"position\":%" PRId64 ",\"hash\":\"%s\",\"epoch\":\"%s\",",
                  i ? "," : "[", m->no, m->position, m->hash, stream_epoch());
        text_addf(&t, "\"seq\":%" PRId64 "}", m->seq);
    }
    text_add(&t, "]");
    TRY(q_event_published(w, t.bytes, &written));
    return (size_t)written == taken ? OK : fail(w, CONFLICT, "relay.overtaken", "another relay was faster");
}

static bool write_taken(void)
{
    struct work w;
    int fault;

    if (!taken)
        return true;
    crash_point("relay.acked");
    work_begin(&w, JOB, "relay");
    fault = work_run(&w, write_down, NULL);
    crash_point("relay.marked");
    work_end(&w);
    if (fault == OK)
        signal_raise();
    return fault == OK;
}

/* Refused, or not answered in time. Under the lock. */
static bool first_failed(void)
{
    const struct mark *m = &marks.all[0];

    return marks.count && m->seq <= 0 && (m->seq < 0 || clock_ms() >= m->sent + ANSWER_MS);
}

/* `writing` is held. */
static void write_answered(void)
{
    bool written;

    hear();
    pthread_mutex_lock(&marks.lock);
    taken = acknowledged();
    pthread_mutex_unlock(&marks.lock);
    written = write_taken();
    pthread_mutex_lock(&marks.lock);
    if (written) {
        marks.count -= taken;
        marks.first += taken;
        memmove(marks.all, marks.all + taken, marks.count * sizeof *marks.all);
    }
    if (first_failed())
        metrics_add(PUBLISH_ERRORS, 1);
    marks.lost |= !written || first_failed();
    marks.rested = clock_ms() + PACE_MS;
    pthread_mutex_unlock(&marks.lock);
    if (marks_lost())
        relay_wake(true);
}

/* --- holding still ------------------------------------------------------------------------------------------- */

static void drop(void)
{
    pthread_mutex_lock(&marks.lock);
    marks.first += marks.count;
    marks.count = 0;
    marks.lost = false;
    pthread_mutex_unlock(&marks.lock);
}

void marks_forget(void)
{
    pthread_mutex_lock(&marks.writing);
    drop();
    pthread_mutex_unlock(&marks.writing);
}

void marks_hold(void)
{
    pthread_mutex_lock(&marks.writing);
    if (marks_room() < MARKS_MAX)
        write_answered();
}

void marks_release(bool forget)
{
    if (forget)
        drop();
    pthread_mutex_unlock(&marks.writing);
}

/* --- the thread ------------------------------------------------------------------------------------------------ */

/* Until there is something, and it may be written. False when there never will be. */
static bool wait_for_marks(void)
{
    bool goes_on;

    pthread_mutex_lock(&marks.lock);
    while (!marks.stopping && (!marks.count || (marks.count < AT_ONCE && clock_ms() < marks.rested))) {
        struct timespec until = clock_moment(marks.rested);

        marks.idle = !marks.count;
        if (marks.idle)
            pthread_cond_wait(&marks.called, &marks.lock);
        else
            pthread_cond_timedwait(&marks.called, &marks.lock, &until);
    }
    marks.idle = false;
    goes_on = !marks.stopping;
    pthread_mutex_unlock(&marks.lock);
    return goes_on;
}

static void *run(void *unused)
{
    (void)unused;
    thread_set_name("marks");
    while (wait_for_marks()) {
        pthread_mutex_lock(&marks.writing);
        write_answered();
        pthread_mutex_unlock(&marks.writing);
    }
    return NULL;
}

void marks_start(void)
{
    clock_cond_init(&marks.called);
    pthread_create(&marks.thread, NULL, run, NULL);
}

void marks_stop(void)
{
    pthread_mutex_lock(&marks.lock);
    marks.stopping = true;
    pthread_mutex_unlock(&marks.lock);
    pthread_cond_signal(&marks.called);
    pthread_join(marks.thread, NULL);
    for (int i = 0; i < LAST_TRIES && marks_room() < MARKS_MAX && !marks_lost(); i++)
        write_answered();
}
