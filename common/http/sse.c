#include "sse.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <ulfius.h>

#include "auth.h"
#include "clock.h"
#include "common_queries.h"
#include "field.h"
#include "news.h"
#include "request.h"
#include "work.h"

enum { STREAM_BATCH = 100, LOOK_MS = 250, HEARTBEAT_MS = 10000 };

struct stream {
    const struct service *service;
    struct principal *who;
    int64_t after;
    char *type, *aggregate;
    struct arena *arena; /* of what is being sent */
    const char *bytes;
    size_t length, sent;
    int64_t spoke;
};

static atomic_bool stopping;

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

    work_begin(&w, s->service, REQUEST, "feed");
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

static ssize_t next(void *stream, uint64_t offset, char *out, size_t room)
{
    struct stream *s = stream;
    size_t n;

    (void)offset;
    while (s->sent == s->length) {
        if (atomic_load(&stopping) || !auth_good_still(s->who))
            return U_STREAM_END;
        fetch(s);
        if (s->sent == s->length)
            news_wait(LOOK_MS);
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

void sse_start(struct work *w, struct _u_response *p)
{
    struct stream *s = calloc(1, sizeof *s);
    const char *last = w->request->last_event_id;
    struct arena *a = arena_new();

    s->service = w->service;
    s->who = auth_copy(w->who);
    s->after = last && field_text_fits(INTEGER, last) ? strtoll(last, NULL, 10) : in_int(w, "after");
    s->type = copy_or_null(in_str(w, "type"));
    s->aggregate = copy_or_null(in_str(w, "aggregate"));
    hold(s, a, ": welcome\n\n", 11);
    u_map_put(p->map_header, "Content-Type", "text/event-stream");
    ulfius_set_stream_response(p, 200, next, free_stream, U_STREAM_SIZE_UNKNOWN, 16 * 1024, s);
}

void sse_stop(void)
{
    atomic_store(&stopping, true);
    news_tell();
}
