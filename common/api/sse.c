#include "sse.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <ulfius.h>

#include "clock.h"
#include "config.h"
#include "feed_queries.h"
#include "field.h"
#include "outbox.h"
#include "principal.h"
#include "request.h"
#include "response.h"
#include "server.h"
#include "signals.h"
#include "sql.h"
#include "token.h"

enum { STREAM_BATCH = 100, POLL_MS = 250, HEARTBEAT_MS = 10000, BLOCK = 16 * 1024 };

struct stream {
    struct principal *who;
    int64_t after;
    char *type, *aggregate;
    struct arena *arena; /* of what is being sent */
    const char *bytes;
    size_t length, sent;
    int64_t sent_at;
    unsigned long seen; /* of feed_signal */
};

/* Streams ask the database one after the other, so that all of them together take one connection of the
 * pool at most. */
static pthread_mutex_t asking = PTHREAD_MUTEX_INITIALIZER;
static atomic_int open_streams;
static atomic_bool stopping;

static void stream_free(void *stream)
{
    struct stream *s = stream;

    arena_free(s->arena);
    free(s->who);
    free(s->type);
    free(s->aggregate);
    free(s);
    atomic_fetch_sub(&open_streams, 1);
}

/* Takes the arena, which has the bytes. */
static void send_next(struct stream *s, struct arena *a, const char *bytes, size_t length)
{
    arena_free(s->arena);
    s->arena = a;
    s->bytes = bytes;
    s->length = length;
    s->sent = 0;
    s->sent_at = clock_ms();
}

static void add_events(struct work *w, struct stream *s, struct text *t)
{
    struct event_feed_row *rows;
    size_t n = 0;
    int fault;

    pthread_mutex_lock(&asking);
    fault = q_event_feed(w, s->after, s->type, s->aggregate, STREAM_BATCH, &rows, &n);
    sql_release(w);
    pthread_mutex_unlock(&asking);
    for (size_t i = 0; fault == OK && i < n; i++) {
        text_addf(t, "id: %" PRId64 "\ndata: ", rows[i].position);
        text_add(t, rows[i].doc);
        text_add(t, "\n\n");
        s->after = rows[i].position;
    }
}

/* New events, or from time to time a comment, by which a client that has left is noticed. */
static void fetch(struct stream *s)
{
    struct work w;
    struct text t;

    work_begin(&w, REQUEST, "feed");
    w.writes = false;
    t = text_new(w.arena);
    add_events(&w, s, &t);
    if (!t.length && clock_ms() - s->sent_at > HEARTBEAT_MS)
        text_add(&t, ": heartbeat\n\n");
    if (t.length) {
        struct arena *kept = arena_new();

        send_next(s, kept, arena_copy(kept, t.bytes, t.length), t.length);
    }
    work_end(&w);
}

/* Called on the connection's thread whenever the client has taken what was sent. */
static ssize_t next_block(void *stream, uint64_t offset, char *out, size_t room)
{
    struct stream *s = stream;
    size_t n;

    (void)offset;
    while (s->sent == s->length) {
        if (atomic_load(&stopping) || !token_still_good(s->who))
            return U_STREAM_END;
        fetch(s);
        if (s->sent == s->length)
            signal_wait(&feed_signal, &s->seen, POLL_MS);
    }
    n = s->length - s->sent < room ? s->length - s->sent : room;
    memcpy(out, s->bytes + s->sent, n);
    s->sent += n;
    return (ssize_t)n;
}

static char *copy_or_null(const char *s)
{
    return s ? strdup(s) : NULL;
}

static struct stream *stream_new(struct work *w)
{
    const char *last = w->request->last_event_id;
    struct stream *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->who = principal_copy(w->who);
    s->after = last && field_text_fits(INTEGER, last) ? strtoll(last, NULL, 10) : in_int(w, "after");
    s->type = copy_or_null(in_str(w, "type"));
    s->aggregate = copy_or_null(in_str(w, "aggregate"));
    send_next(s, NULL, ": welcome\n\n", strlen(": welcome\n\n"));
    return s;
}

int sse_start(struct work *w, struct _u_response *p)
{
    struct stream *s = NULL;

    if (atomic_fetch_add(&open_streams, 1) < config_int("STREAMS", 256))
        s = stream_new(w);
    if (!s) {
        atomic_fetch_sub(&open_streams, 1);
        return fail(w, BUSY, "feed.too_many",
                    "Too many live feeds are open. Try again later or request pages.");
    }
    response_write_stream(w, p, "text/event-stream");
    ulfius_set_stream_response(p, 200, next_block, stream_free, U_STREAM_SIZE_UNKNOWN, BLOCK, s);
    server_streams();
    return OK;
}

void sse_stop(void)
{
    atomic_store(&stopping, true);
    signal_raise(&feed_signal);
}
