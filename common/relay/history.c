#include "history.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "bus.h"
#include "envelope.h"
#include "field.h"
#include "history_queries.h"
#include "log.h"
#include "thread.h"
#include "work.h"

enum {
    EVENTS_MAX = 256,       /* of a page */
    BYTES_MAX = 512 * 1024, /* of a page, unless one event is larger; nats-server takes 1 MB */
    POSITIONS_MAX = 5000,   /* looked at for a page, as few of them may be of the subject */
    WAIT_MS = 500
};

static struct {
    const char *service;
    char subject[80];
    pthread_t thread;
    atomic_bool stopping;
    natsSubscription *requests, *requests_before;
    unsigned long generation; /* of the connection */
} history;

struct page {
    const char *subject, *since;
    int64_t from, after, barrier;
    struct history_end_row end;
    struct text heads, events;
    int64_t position; /* the next page begins behind it */
};

/* --- a page --------------------------------------------------------------------------------------------- */

static void add_event(struct work *w, struct page *p, const struct history_page_row *row)
{
    struct text event = envelope_write(
        w, history.service,
        &(struct event_columns){row->id, row->type, row->aggregate, row->aggregate_id, row->version, row->at,
                                row->actor, row->trace, row->data, row->private});

    text_addf(&p->heads, "%s{\"length\":%zu,\"position\":%" PRId64 ",\"first\":%s}",
              p->heads.length ? "," : "", event.length, row->position, row->first ? "true" : "false");
    text_add(&p->events, event.bytes);
    p->position = row->position;
}

static int read_events(struct work *w, struct page *p)
{
    int64_t last = p->after + POSITIONS_MAX < p->end.head ? p->after + POSITIONS_MAX : p->end.head;
    struct history_page_row *rows;
    size_t n, i = 0;

    TRY(q_history_page(w, p->subject, p->from, p->after, last, EVENTS_MAX, &rows, &n));
    while (i < n && (i == 0 || p->events.length < BYTES_MAX))
        add_event(w, p, &rows[i++]);
    if (i == n && n < EVENTS_MAX)
        p->position = last;
    return OK;
}

/* Where the first page begins. */
static int begin(struct work *w, struct page *p)
{
    struct history_position_at_row at;

    if (!p->since)
        return OK;
    TRY(q_history_position_at(w, p->since, &at));
    p->from = at.found ? at.position : p->end.head + 1;
    p->after = p->from - 1;
    return OK;
}

static int read_page(struct work *w, struct page *p)
{
    TRY(q_history_end(w, p->barrier, &p->end));
    if (!p->barrier) { /* the first page: what is written from now on is not waited for */
        p->barrier = p->end.newest;
        p->end.unmarked = true;
    }
    TRY(begin(w, p));
    p->position = p->after;
    return p->after < p->end.head ? read_events(w, p) : OK;
}

static struct text text_of(struct work *w, const struct page *p)
{
    struct text t = text_new(w->arena);
    bool done = p->position >= p->end.head && !p->end.unmarked;

    text_addf(&t,
              "{\"from\":%" PRId64 ",\"position\":%" PRId64 ",\"head\":%" PRId64 ",\"barrier\":%" PRId64
              ",\"done\":%s,\"events\":[",
              p->from, p->position, p->end.head, p->barrier, done ? "true" : "false");
    text_add(&t, p->heads.bytes);
    text_add(&t, "]}\n");
    text_add(&t, p->events.bytes);
    return t;
}

/* --- requests ------------------------------------------------------------------------------------------- */

static bool read_request(struct work *w, const char *bytes, size_t length, struct page *p)
{
    const char *why;
    json_t *r = json_parse(bytes, length, &why);

    if (!r)
        return false;
    json_owned(w, r);
    *p = (struct page){.subject = json_text_in(r, "subject"),
                       .since = json_text_in(r, "since"),
                       .from = json_integer_value(json_object_get(r, "from")),
                       .after = json_integer_value(json_object_get(r, "after")),
                       .barrier = json_integer_value(json_object_get(r, "barrier")),
                       .heads = text_new(w->arena),
                       .events = text_new(w->arena)};
    return p->subject && (!p->since || field_text_fits(TIME, p->since));
}

/* A request that cannot be answered is not: it is sent again. */
static void answer(natsMsg *request)
{
    struct page p;
    struct work w;

    work_begin(&w, JOB, "history");
    w.writes = false;
    if (!read_request(&w, natsMsg_GetData(request), (size_t)natsMsg_GetDataLength(request), &p)) {
        log_rarely("history.request", "malformed request");
    } else if (read_page(&w, &p) == OK) {
        struct text t = text_of(&w, &p);

        natsConnection_Publish(bus_connection(), natsMsg_GetReply(request), t.bytes, (int)t.length);
    }
    work_end(&w);
}

/* One instance receives each request. */
static bool subscribe(void)
{
    if (history.requests && history.generation == bus_generation())
        return true;
    if (!bus_connected())
        return false;
    /* The library's reader may still hold the one that is left now: pull.c. */
    natsSubscription_Destroy(history.requests_before);
    natsSubscription_Unsubscribe(history.requests);
    history.requests_before = history.requests;
    history.requests = NULL;
    history.generation = bus_generation();
    return natsConnection_QueueSubscribeSync(&history.requests, bus_connection(), history.subject,
                                             "history") == NATS_OK;
}

/* False when there is no connection. */
static bool answer_next(void)
{
    natsMsg *request = NULL;
    natsStatus s;

    if (!subscribe())
        return false;
    s = natsSubscription_NextMsg(&request, history.requests, WAIT_MS);
    if (s == NATS_OK)
        answer(request);
    natsMsg_Destroy(request);
    return s == NATS_OK || s == NATS_TIMEOUT;
}

static void *run(void *unused)
{
    (void)unused;
    thread_set_name("history");
    while (!atomic_load(&history.stopping)) {
        if (!answer_next())
            usleep(WAIT_MS * 1000);
    }
    return NULL;
}

void history_start(const char *service)
{
    history.service = service;
    snprintf(history.subject, sizeof history.subject, "history.%s", service);
    pthread_create(&history.thread, NULL, run, NULL);
}

void history_stop(void)
{
    atomic_store(&history.stopping, true);
    pthread_join(history.thread, NULL);
}
