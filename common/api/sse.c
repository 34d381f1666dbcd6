#include "sse.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "connections.h"
#include "exchange.h"
#include "feed_queries.h"
#include "field.h"
#include "loop.h"
#include "outbox.h"
#include "principal.h"
#include "response.h"
#include "thread.h"
#include "token.h"

enum { STREAM_BATCH = 100, LOOK_MS = 250, HEARTBEAT_MS = 10000, PIECE = 16 * 1024 };

/* The loop's while it has something to send; the feeder's while it is hungry, and its connection stands still. */
struct stream {
    struct stream *next;
    struct MHD_Connection *connection;
    struct principal *who;
    int64_t after;
    char *type, *aggregate;
    struct arena *arena; /* of what is being sent */
    const char *bytes;
    size_t length, sent;
    int64_t spoke;
    bool ended;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t called;
    pthread_t thread;
    struct stream *hungry;
    bool running, has_call;
    atomic_bool stopping;
} feeder = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void free_stream(void *stream)
{
    struct stream *s = stream;

    arena_free(s->arena);
    free(s->who);
    free(s->type);
    free(s->aggregate);
    free(s);
}

static void hold(struct stream *s, struct arena *a, const char *bytes, size_t length)
{
    arena_free(s->arena);
    s->arena = a;
    s->bytes = bytes;
    s->length = length;
    s->sent = 0;
    s->spoke = clock_ms();
}

static void fetch(struct stream *s)
{
    struct event_feed_row *rows;
    struct work w;
    struct text t;
    size_t n = 0;

    work_begin(&w, REQUEST, "feed");
    w.writes = false;
    t = text_new(w.arena);
    if (q_event_feed(&w, s->after, s->type, s->aggregate, STREAM_BATCH, &rows, &n) != OK)
        n = 0;
    for (size_t i = 0; i < n; i++) {
        text_addf(&t, "id: %" PRId64 "\ndata: ", rows[i].position);
        text_add(&t, rows[i].doc);
        text_add(&t, "\n\n");
        s->after = rows[i].position;
    }
    if (!n && clock_ms() - s->spoke > HEARTBEAT_MS)
        text_add(&t, ": still here\n\n");
    if (t.length) {
        struct arena *kept = arena_new();

        hold(s, kept, arena_copy(kept, t.bytes, t.length), t.length);
    }
    work_end(&w);
}

/* --- the feeder: a thread that asks the database ------------------------------------------------------- */

static void call_feeder(void)
{
    pthread_mutex_lock(&feeder.lock);
    feeder.has_call = true;
    pthread_cond_signal(&feeder.called);
    pthread_mutex_unlock(&feeder.lock);
}

/* Under the lock. Other instances' news come without a call. */
static void wait_for_call(void)
{
    struct timespec until = clock_moment(clock_ms() + LOOK_MS);

    while (!feeder.has_call && pthread_cond_timedwait(&feeder.called, &feeder.lock, &until) == 0)
        ;
    feeder.has_call = false;
}

/* Whoever got something, or his end, is the loop's again. Returns those who still wait. */
static struct stream *feed_all(struct stream *hungry)
{
    struct stream *waiting = NULL, *next;

    for (struct stream *s = hungry; s; s = next) {
        next = s->next;
        s->ended = atomic_load(&feeder.stopping) || !token_still_good(s->who);
        if (!s->ended)
            fetch(s);
        if (s->ended || s->sent < s->length) {
            loop_resume(s->connection);
        } else {
            s->next = waiting;
            waiting = s;
        }
    }
    return waiting;
}

static void *feed(void *unused)
{
    struct stream *waiting = NULL, *s;
    bool last;

    (void)unused;
    thread_set_name("feeder");
    do {
        pthread_mutex_lock(&feeder.lock);
        wait_for_call();
        last = atomic_load(&feeder.stopping);
        while ((s = feeder.hungry)) {
            feeder.hungry = s->next;
            s->next = waiting;
            waiting = s;
        }
        pthread_mutex_unlock(&feeder.lock);
        waiting = feed_all(waiting);
    } while (!last);
    return NULL;
}

/* --- the loop's side ----------------------------------------------------------------------------------- */

/* Nothing to send: the connection stands still until there is. False when all streams end. */
static bool become_hungry(struct stream *s)
{
    bool going_on;

    pthread_mutex_lock(&feeder.lock);
    going_on = feeder.running && !atomic_load(&feeder.stopping);
    if (going_on) {
        MHD_suspend_connection(s->connection);
        s->next = feeder.hungry;
        feeder.hungry = s;
        feeder.has_call = true;
        pthread_cond_signal(&feeder.called);
    }
    pthread_mutex_unlock(&feeder.lock);
    return going_on;
}

static ssize_t give_piece(void *stream, uint64_t offset, char *out, size_t room)
{
    struct stream *s = stream;
    size_t n = s->length - s->sent < room ? s->length - s->sent : room;

    (void)offset;
    if (s->ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (!n) /* from here on it is the feeder's */
        return become_hungry(s) ? 0 : MHD_CONTENT_READER_END_OF_STREAM;
    memcpy(out, s->bytes + s->sent, n);
    s->sent += n;
    return (ssize_t)n;
}

static char *copy_or_null(const char *s)
{
    return s ? strdup(s) : NULL;
}

static void start_feeder(void)
{
    pthread_mutex_lock(&feeder.lock);
    if (!feeder.running && !atomic_load(&feeder.stopping)) {
        clock_cond_init(&feeder.called);
        feeder.running = pthread_create(&feeder.thread, NULL, feed, NULL) == 0;
        signal_subscribe(&feed_signal, feeder.running ? call_feeder : NULL);
    }
    pthread_mutex_unlock(&feeder.lock);
}

void sse_start(struct exchange *x)
{
    struct work *w = &x->work;
    struct stream *s = calloc(1, sizeof *s);
    const char *last = w->request->last_event_id;
    struct arena *a;

    if (!s)
        return;
    a = arena_new();
    start_feeder();
    s->connection = x->connection;
    s->who = principal_copy(w->who);
    s->after = last && field_text_fits(INTEGER, last) ? strtoll(last, NULL, 10) : in_int(w, "after");
    s->type = copy_or_null(in_str(w, "type"));
    s->aggregate = copy_or_null(in_str(w, "aggregate"));
    hold(s, a, ": welcome\n\n", 11);
    x->status = 200;
    x->response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE, give_piece, s, free_stream);
    if (!x->response) {
        free_stream(s);
        return;
    }
    response_stream(w, x->response, "text/event-stream");
    connections_endless(x->connection);
}

void sse_stop(void)
{
    bool running;

    atomic_store(&feeder.stopping, true);
    pthread_mutex_lock(&feeder.lock);
    running = feeder.running;
    feeder.has_call = true;
    pthread_cond_signal(&feeder.called);
    pthread_mutex_unlock(&feeder.lock);
    if (running)
        pthread_join(feeder.thread, NULL);
}
