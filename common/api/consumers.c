#include "consumers.h"

#include <inttypes.h>
#include <string.h>

#include "consume.h"
#include "consumer_queries.h"
#include "control.h"
#include "page.h"
#include "work.h"

const struct field consumer_replay_fields[] = {
    {.name = "mode", .type = TEXT, .choices = "missing|all"},
    {.name = "from_position", .type = INTEGER, .min = 1, .max = INT64_MAX},
    {.name = "from_time", .type = TIME},
    {0},
};

/* --- the list ------------------------------------------------------------------------------------------- */

static const struct consumer_list_row *state_of(const struct consumer *c,
                                                const struct consumer_list_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rows[i].name, c->name) == 0)
            return &rows[i];
    }
    return NULL;
}

static void add_position(struct text *t, size_t row)
{
    struct durable_position p;

    if (!control_position(row, &p)) {
        text_add(t,
                 "\"pending\":null,\"unacknowledged\":null,\"delivered_seq\":null,\"acknowledged_seq\":null");
        return;
    }
    text_addf(t,
              "\"pending\":%" PRId64 ",\"unacknowledged\":%" PRId64 ",\"delivered_seq\":%" PRId64
              ",\"acknowledged_seq\":%" PRId64,
              p.pending, p.unacknowledged, p.delivered, p.acknowledged);
}

static const char *consumer_doc(struct work *w, size_t row, const struct consumer_list_row *state)
{
    const struct consumer *c = &consumer_rows()[row];
    struct text t = text_new(w->arena);

    text_addf(&t, "{\"name\":\"%s\",\"subject\":\"%s\",\"state\":\"%s\",\"replayable\":%s,", c->name,
              c->subject, state ? state->state : "starting", c->mode & REPLAYABLE ? "true" : "false");
    add_position(&t, row);
    text_addf(&t, ",\"replay\":%s}", state && state->replay ? state->replay : "null");
    return t.bytes;
}

int consumer_list(struct work *w)
{
    struct text page = page_begin(w);
    struct consumer_list_row *rows;
    size_t n, row = 0;

    TRY(q_consumer_list(w, &rows, &n));
    for (const struct consumer *c = consumer_rows(); c && c->name; c++, row++)
        page_add(&page, consumer_doc(w, row, state_of(c, rows, n)));
    return page_reply(w, &page, NULL);
}

/* --- commands ------------------------------------------------------------------------------------------- */

static int find(struct work *w, const struct consumer **c)
{
    *c = consumer_named(path_var(w, "name"));
    return *c ? OK : fail(w, NOT_FOUND, "resource.not_found", "This consumer does not exist.");
}

static int reply_consumer(struct work *w, const struct consumer *c)
{
    struct consumer_list_row *rows;
    size_t n;

    TRY(q_consumer_list(w, &rows, &n));
    return reply(w, consumer_doc(w, (size_t)(c - consumer_rows()), state_of(c, rows, n)));
}

static int not_started(struct work *w)
{
    return fail(w, CONFLICT, "consumer.starting",
                "The consumer has not started yet: its stream does not exist.");
}

static int set_paused(struct work *w, const char *paused)
{
    const struct consumer *c;
    int64_t changed;

    TRY(find(w, &c));
    TRY(q_consumer_exclude(w, c->name));
    TRY(q_consumer_pause(w, c->name, paused, &changed));
    return changed ? reply_consumer(w, c) : not_started(w);
}

int consumer_pause(struct work *w)
{
    return set_paused(w, "true");
}

int consumer_resume(struct work *w)
{
    return set_paused(w, "false");
}

static int check_replay(struct work *w, const struct consumer *c, const char *mode)
{
    if (in_has(w, "from_position") && in_has(w, "from_time"))
        fault_at(w, "/from_time", "consumer.from", "from_position and from_time must not both be given.");
    TRY(failed_if_any(w, "body.invalid", "The request is invalid: errors[] names every fault."));
    if (strcmp(mode, "all") == 0 && !(c->mode & REPLAYABLE))
        return fail(w, CONFLICT, "consumer.not_replayable",
                    "This consumer can be replayed with mode missing only.");
    return OK;
}

int consumer_replay(struct work *w)
{
    const char *mode = in_has(w, "mode") ? in_str(w, "mode") : "missing", *since = in_str(w, "from_time");
    int64_t first = in_has(w, "from_position") ? in_int(w, "from_position") : 1, changed;
    const struct consumer *c;

    TRY(find(w, &c));
    TRY(check_replay(w, c, mode));
    TRY(q_consumer_exclude(w, c->name));
    TRY(q_consumer_replay(w, c->name, mode, since, since ? NULL : sql_from_int(w, first), w->actor,
                          &changed));
    return changed ? reply_consumer(w, c) : not_started(w);
}
