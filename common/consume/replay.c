#include "replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply.h"
#include "bus.h"
#include "consume.h"
#include "consumer_queries.h"
#include "log.h"
#include "metrics.h"

enum { ANSWER_MS = 2000, WAIT_MS = 200 };

struct page {
    const struct replay *replay;
    const atomic_bool *stopping;
    int64_t first, position, end, barrier;
    bool done;
    int64_t positions[BATCH_MAX]; /* of its events */
    int64_t before;               /* the replay's position */
    struct batch batch;
};

static struct page *page_of(struct batch *b)
{
    return (struct page *)((char *)b - offsetof(struct page, batch));
}

/* --- requesting ----------------------------------------------------------------------------------------- */

static json_t *question_of(const struct replay *r)
{
    if (r->position < 0)
        return json_pack("{s:s, s:s}", "subject", r->consumer->subject, "since", r->since);
    return json_pack("{s:s, s:I, s:I, s:I}", "subject", r->consumer->subject, "from", (json_int_t)r->first,
                     "after", (json_int_t)r->position, "barrier", (json_int_t)r->barrier);
}

/* The producer's answer, the caller's to destroy; NULL when there was none. */
static natsMsg *request(const struct replay *r)
{
    const char *subject = r->consumer->subject;
    json_t *question = question_of(r);
    char *text = json_dumps(question, JSON_COMPACT), to[80];
    natsMsg *answer = NULL;
    natsStatus s;

    snprintf(to, sizeof to, "history.%.*s", (int)strcspn(subject, "."), subject);
    s = natsConnection_RequestString(&answer, bus_connection(), to, text, ANSWER_MS);
    if (s != NATS_OK)
        log_rarely("consume.replay", "%s: no answer to %s: %s", r->consumer->name, to, natsStatus_GetText(s));
    json_decref(question);
    free(text);
    return s == NATS_OK ? answer : NULL;
}

/* --- reading -------------------------------------------------------------------------------------------- */

static bool add_event(struct page *p, const json_t *head, const char **at, const char *end)
{
    size_t length = (size_t)json_integer_value(json_object_get(head, "length"));
    int n = p->batch.count;

    if (n == BATCH_MAX || length == 0 || length > (size_t)(end - *at))
        return false;
    p->batch.events[n] =
        (struct raw_event){*at, length, p->replay->all && json_is_true(json_object_get(head, "first"))};
    p->positions[n] = json_integer_value(json_object_get(head, "position"));
    p->batch.count++;
    *at += length;
    return true;
}

static bool read_head(struct page *p, const json_t *head, const char *at, const char *end)
{
    const json_t *events = json_object_get(head, "events");
    bool good = json_is_array(events);

    p->first = json_integer_value(json_object_get(head, "from"));
    p->position = json_integer_value(json_object_get(head, "position"));
    p->end = json_integer_value(json_object_get(head, "head"));
    p->barrier = json_integer_value(json_object_get(head, "barrier"));
    p->done = json_is_true(json_object_get(head, "done"));
    for (size_t i = 0; good && i < json_array_size(events); i++)
        good = add_event(p, json_array_get(events, i), &at, end);
    return good;
}

/* The page's events are lent by the answer. */
static bool read_page(struct page *p, natsMsg *answer)
{
    const char *bytes = natsMsg_GetData(answer), *end = bytes + natsMsg_GetDataLength(answer);
    const char *line = memchr(bytes, '\n', (size_t)(end - bytes));
    json_t *head = line ? json_loadb(bytes, (size_t)(line - bytes), 0, NULL) : NULL;
    bool good = head && read_head(p, head, line + 1, end);

    json_decref(head);
    if (!good)
        log_rarely("consume.replay", "%s: the reply is malformed", p->replay->consumer->name);
    return good;
}

/* --- applying ------------------------------------------------------------------------------------------- */

static const char gap[] = "event.gap", malformed[] = "event.malformed";

static int64_t position_after(const struct page *p, int last)
{
    return last == p->batch.count - 1 ? p->position : p->positions[last];
}

/* Ends the transaction that has applied events first…last: what could not be applied is stored, and the
 * position moves on with them, so that no event is applied twice. Pages come in order: an event after a gap
 * would wait in vain. */
static int finish(struct work *w, struct batch *b, int first, int last)
{
    const struct page *p = page_of(b);
    bool done = p->done && last == b->count - 1;
    int64_t moved;

    for (int n = first; n <= last; n++) {
        if (b->verdicts[n] == GAP)
            TRY(insert_dead_letter(w, b, n, gap, "The previous event of this aggregate was not applied."));
        if (b->verdicts[n] == POISON)
            TRY(insert_dead_letter(w, b, n, malformed, "This is not a valid Backroom event."));
    }
    TRY(q_consumer_advance(w, b->consumer->name, p->before, p->first, position_after(p, last), p->end,
                           p->barrier, done ? "true" : "false", &moved));
    return moved ? OK
                 : fail(w, CONFLICT, "replay.moved", "The replay was paused, or its position has changed.");
}

static bool wait_for_database(struct batch *b, int first, int last)
{
    (void)first, (void)last;
    usleep(WAIT_MS * 1000);
    return !atomic_load(page_of(b)->stopping);
}

static void count(struct page *p, int first, int last)
{
    for (int n = first; n <= last; n++) {
        enum verdict verdict = p->batch.verdicts[n];

        if (verdict == APPLY || verdict == SKIP)
            metrics_add(verdict == APPLY ? EVENTS_APPLIED : EVENTS_SKIPPED, 1);
        else if (verdict != UNKNOWN) /* which store_dead_letter() has reported */
            report_dead_letter(&p->batch, verdict == GAP ? gap : malformed);
    }
    p->before = position_after(p, last);
}

static bool apply_one(struct page *p, int n)
{
    struct failure why;
    enum applied applied = apply_events(&p->batch, n, n, &why);

    if (applied == FAILED && why.fault != BUSY && strcmp(why.code, "replay.moved") != 0 &&
        store_dead_letter(&p->batch, n, why.code, why.detail))
        applied = APPLIED;
    if (applied == APPLIED)
        count(p, n, n);
    return applied == APPLIED;
}

static bool apply_page(struct page *p)
{
    struct failure why;
    int last = p->batch.count - 1;
    bool good = true;

    if (p->replay->consumer->mode & BATCH || last < 0) {
        enum applied applied = apply_events(&p->batch, 0, last, &why);

        if (applied == APPLIED)
            count(p, 0, last);
        if (applied != FAILED || last < 0)
            return applied == APPLIED;
    }
    for (int n = 0; good && n <= last; n++)
        good = apply_one(p, n);
    return good;
}

bool replay_page(const struct replay *r, const atomic_bool *stopping)
{
    struct page p = {.replay = r, .stopping = stopping, .before = r->position};
    natsMsg *answer = request(r);
    bool good;

    p.batch.consumer = r->consumer;
    p.batch.wait = wait_for_database;
    p.batch.finish = finish;
    good = answer && read_page(&p, answer) && apply_page(&p);
    natsMsg_Destroy(answer);
    if (good && p.done)
        log_info(NULL, "consume.replayed", "%s: replayed up to position %" PRId64, r->consumer->name,
                 p.position);
    return good && (p.done || p.position > r->position);
}
