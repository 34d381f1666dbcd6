#include "consume.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus.h"
#include "clock.h"
#include "common_queries.h"
#include "config.h"
#include "crash.h"
#include "envelope.h"
#include "hex.h"
#include "inbox.h"
#include "leader.h"
#include "log.h"
#include "metrics.h"
#include "news.h"
#include "publish.h"
#include "pull.h"
#include "service.h"
#include "thread.h"
#include "utf8.h"

enum {
    CONSUMERS_MAX = 16,
    ATTEMPTS = 8,
    GAP_DELAY_MS = 100,
    GAP_SECONDS = 300,
    BURST_MS = 50,
    TOGETHER_MS = 2,
    SLOW_TRIES = 5,
    FAR_BEHIND = 1024, /* who gives way must not be left behind */
};

/* Messages, and what was parsed of them already. */
struct batch {
    natsMsg *messages[PULL];
    json_t *parsed[PULL];
    int count;
};

struct puller {
    const struct service *service;
    const struct consumer *row;
    pthread_t thread;
    struct leader *leader; /* of an ORDERED consumer */
    struct pull pull;
    int64_t rested; /* when the next transaction may begin: its pace */
    struct batch batch;
    struct batch next; /* came while the batch was being committed */
    enum verdict verdicts[PULL];
};

static struct {
    struct puller pullers[CONSUMERS_MAX];
    int count;
    atomic_bool stopping;
} all;

/* --- answering the server ------------------------------------------------------------------------------ */

static void say(const struct puller *p, int n, const char *what)
{
    natsConnection_PublishString(bus_connection(), natsMsg_GetReply(p->batch.messages[n]), what);
}

/* How often a message was delivered: the third last part but … of $JS.ACK.<stream>.<consumer>.<delivered>.… */
static int deliveries(const struct puller *p, int n)
{
    const char *s = natsMsg_GetReply(p->batch.messages[n]);

    for (int dots = 0; s && dots < 4; dots++)
        s = strchr(s, '.') ? strchr(s, '.') + 1 : NULL;
    return s ? (int)strtol(s, NULL, 10) : 1;
}

static void not_now(const struct puller *p, int n, int64_t delay_ms)
{
    char nak[64];

    snprintf(nak, sizeof nak, "-NAK {\"delay\": %lld}", (long long)delay_ms * 1000000);
    say(p, n, nak);
}

/* --- batches -------------------------------------------------------------------------------------------- */

/* There is room for one more. */
static enum pulled receive(struct puller *p, struct batch *b, int64_t wait_ms)
{
    enum pulled what = pull_next(&p->pull, wait_ms, &b->messages[b->count]);

    if (what == MESSAGE)
        b->parsed[b->count++] = NULL;
    return what;
}

static bool takes_more(const struct puller *p, const struct batch *b)
{
    return b->count < PULL && !pull_is_over(&p->pull);
}

/* Whatever is there, up to a batch: at once, or within a time for the last of those that were asked for to come. */
static void take(struct puller *p, struct batch *b, int64_t wait_ms)
{
    while (takes_more(p, b) && receive(p, b, wait_ms) != NOTHING)
        ;
}

static void drop(struct batch *b)
{
    for (int n = 0; n < b->count; n++) {
        natsMsg_Destroy(b->messages[n]);
        json_decref(b->parsed[n]);
    }
    b->count = 0;
}

/* --- one transaction ----------------------------------------------------------------------------------- */

static _Thread_local struct puller *current;
static _Thread_local json_t *envelopes;

static int apply(struct work *w)
{
    return inbox_apply(w, current->row, envelopes, current->verdicts);
}

static json_t *parse(const struct puller *p, natsMsg *m, const char **why)
{
    const char *bytes = natsMsg_GetData(m);
    size_t length = (size_t)natsMsg_GetDataLength(m);

    return inbox_reads(p->row, natsMsg_GetSubject(m)) ? json_parse_news(bytes, length, why)
                                                      : envelope_head(bytes, length, why);
}

static json_t *read_message(struct work *w, struct puller *p, int n)
{
    json_t *parsed = p->batch.parsed[n], *e = NULL;
    const char *why;

    p->batch.parsed[n] = NULL;
    if (!parsed)
        parsed = parse(p, p->batch.messages[n], &why);
    if (parsed)
        e = envelope_take(w, parsed, n, &why);
    if (!e)
        p->verdicts[n] = POISON;
    return e;
}

/* While the database commits, the next batch is parsed. */
static void look_ahead(void)
{
    const char *why;

    take(current, &current->next, 0);
    for (int n = 0; n < current->next.count; n++) {
        if (!current->next.parsed[n])
            current->next.parsed[n] = parse(current, current->next.messages[n], &why);
    }
}

/* Apply messages first…last in one transaction. */
static int run_transaction(struct puller *p, int first, int last, struct work *w)
{
    json_t *list;

    work_begin(w, p->service, DELIVERY, p->row->name);
    list = arena_owns(w->arena, json_array(), (void (*)(void *))json_decref);
    for (int n = first; n <= last; n++) {
        json_t *e = read_message(w, p, n);

        if (e)
            json_array_append(list, e);
    }
    current = p;
    envelopes = list;
    w->meanwhile = look_ahead;
    return json_array_size(list) ? work_run(w, apply, NULL) : OK;
}

/* --- what cannot be applied ---------------------------------------------------------------------------- */

static _Thread_local struct {
    const json_t *envelope;
    const char *code, *detail, *body;
} dead;

static int bury(struct work *w)
{
    const json_t *e = dead.envelope;

    return q_dead_letter_add(w, current->row->name, json_text_in(e, "id"), json_text_in(e, "type"),
                             json_text_in(e, "aggregate_id"),
                             e ? sql_from_int(w, json_integer_value(json_object_get(e, "version"))) : NULL,
                             dead.code, dead.detail, dead.body);
}

/* What is no event, as a JSON string: its text, or its bytes in hexadecimal where they are none. */
static const char *quoted(struct work *w, const char *bytes, size_t length)
{
    char *hex;

    if (utf8_valid(bytes, length))
        return json_text(
            w, arena_owns(w->arena, json_stringn_nocheck(bytes, length), (void (*)(void *))json_decref));
    hex = arena_alloc(w->arena, 2 * length + 1);
    hex_write(hex, (const unsigned char *)bytes, length);
    return textf(w, "\"%s\"", hex);
}

static bool dead_letter(struct puller *p, int n, const char *code, const char *detail)
{
    const char *bytes = natsMsg_GetData(p->batch.messages[n]);
    size_t length = (size_t)natsMsg_GetDataLength(p->batch.messages[n]);
    struct work w;
    bool buried;

    work_begin(&w, p->service, DELIVERY, p->row->name);
    dead.envelope = read_message(&w, p, n);
    dead.code = code;
    dead.detail = detail;
    dead.body = dead.envelope ? arena_copy(w.arena, bytes, length) : quoted(&w, bytes, length);
    current = p;
    buried = work_run(&w, bury, NULL) == OK;
    if (buried) {
        metrics_add(EVENTS_DEAD, 1);
        log_error(w.trace, "event.dead", "%s: %s", p->row->name, code);
    }
    work_end(&w);
    return buried;
}

/* A gap: the missing event is on its way, or the stream lost it and the relay brings it again. */
static void wait_for_missing(struct puller *p, int n)
{
    int tries = deliveries(p, n);
    int64_t delay = GAP_DELAY_MS * (int64_t)tries;

    if (tries > GAP_SECONDS / 5 + 50 &&
        dead_letter(p, n, "event.gap", "The event before this one never came.")) {
        say(p, n, "+ACK");
        return;
    }
    metrics_add(EVENTS_REDELIVERED, 1);
    not_now(p, n, delay > 5000 ? 5000 : delay);
}

/* One event that failed alone: try again with growing pauses, then set it aside. */
static void give_up_or_later(struct puller *p, int n, enum fault fault, const char *code, const char *detail)
{
    int64_t pause = config_int("CONSUME_BACKOFF_MS", 1000);
    int tries = deliveries(p, n);

    if (fault == INVALID || tries >= ATTEMPTS) {
        if (dead_letter(p, n, code, detail))
            say(p, n, "+ACK");
        return;
    }
    pause <<= tries - 1;
    metrics_add(EVENTS_REDELIVERED, 1);
    not_now(p, n, pause > 300000 ? 300000 : pause);
}

/* What the server still has for this consumer: the last part of the last message's reply subject. */
static int64_t pending(const struct puller *p)
{
    const char *subject = natsMsg_GetReply(p->batch.messages[p->batch.count - 1]),
               *last = subject ? strrchr(subject, '.') : NULL;

    return last ? strtoll(last + 1, NULL, 10) : 0;
}

/* --- a pulled batch ------------------------------------------------------------------------------------ */

static void settle(struct puller *p, int n)
{
    switch (p->verdicts[n]) {
    case APPLY:
    case SKIP:
        metrics_add(p->verdicts[n] == APPLY ? EVENTS_APPLIED : EVENTS_SKIPPED, 1);
        say(p, n, "+ACK");
        return;
    case POISON:
        if (dead_letter(p, n, "event.malformed", "This is not an event of ours."))
            say(p, n, "+ACK");
        return;
    case GAP:
        wait_for_missing(p, n);
        return;
    default:
        not_now(p, n, 1000);
    }
}

/* The database is away: hold the batch, tell the server that we are at it, and try again (order is kept). */
static bool hold(struct puller *p, int first, int last)
{
    for (int n = first; n <= last; n++)
        say(p, n, "+WPI");
    usleep(200 * 1000);
    return !atomic_load(&all.stopping);
}

/* 1 applied, 0 failed for another reason than the database being away, -1 stopping. Work that is always too slow
 * or always in somebody's way counts as failed after a few tries. */
static int apply_range(struct puller *p, int first, int last, enum fault *fault, char code[64],
                       char detail[256])
{
    int slow = 0;

    for (;;) {
        struct work w;

        for (int n = first; n <= last; n++)
            p->verdicts[n] = UNKNOWN;
        *fault = (enum fault)run_transaction(p, first, last, &w);
        snprintf(code, 64, "%s", w.code ? w.code : "");
        snprintf(detail, 256, "%s", w.detail ? w.detail : "");
        work_end(&w);
        if (*fault == OK)
            return 1;
        slow += strcmp(code, "database.unavailable") != 0;
        if (*fault != BUSY || slow > SLOW_TRIES)
            return 0;
        if (!hold(p, first, last))
            return -1;
    }
}

static void one_by_one(struct puller *p)
{
    char code[64], detail[256];
    enum fault fault;

    for (int n = 0; n < p->batch.count; n++) {
        int done = apply_range(p, n, n, &fault, code, detail);

        if (done > 0)
            settle(p, n);
        else if (done == 0)
            give_up_or_later(p, n, fault, code, detail);
    }
}

static void process(struct puller *p)
{
    int64_t left = pending(p);
    char code[64], detail[256];
    enum fault fault;

    p->rested = p->batch.count < PULL ? clock_ms() + p->row->pace_ms : 0; /* who is behind does not rest */
    crash_point("consume.received");
    metrics_pending((int)(p - all.pullers), p->row->name, left);
    thread_give_way(p->row->pace_ms && left < FAR_BEHIND);
    if (!(p->row->mode & BATCH) || apply_range(p, 0, p->batch.count - 1, &fault, code, detail) == 0) {
        one_by_one(p);
    } else {
        crash_point("consume.applied");
        for (int n = 0; n < p->batch.count; n++)
            settle(p, n);
    }
    drop(&p->batch);
    crash_point("consume.acknowledged");
    news_tell();
}

/* --- pulling --------------------------------------------------------------------------------------------- */

/* Until the next transaction may begin. */
static void rest(const struct puller *p)
{
    int64_t left = p->rested - clock_ms();

    if (left > 0 && !atomic_load(&all.stopping))
        usleep((useconds_t)left * 1000);
}

/* What was published together comes within a moment, and is not worked on twice. */
static bool another_comes(struct puller *p, struct batch *b)
{
    const char *said;

    return takes_more(p, b) && natsMsgHeader_Get(b->messages[b->count - 1], MORE_FOLLOW, &said) == NATS_OK &&
           receive(p, b, TOGETHER_MS) == MESSAGE;
}

/* Wait for one message, then take with it whatever has come. False when the server fell silent. */
static bool collect(struct puller *p)
{
    struct batch *b = &p->batch;
    enum pulled first;

    *b = p->next;
    p->next.count = 0;
    if (!b->count) {
        first = receive(p, b, pull_silence_ms());
        if (first != MESSAGE)
            return first == STATUS;
    }
    if (p->row->pace_ms) {
        rest(p);
        pull_more(&p->pull, PULL - b->count);
        take(p, b, BURST_MS);
        pull_enough(&p->pull);
    } else {
        take(p, b, 0);
        while (another_comes(p, b))
            ;
    }
    return true;
}

/* Those that nobody works on are brought again. */
static void leave(struct puller *p)
{
    for (int n = 0; n < p->next.count; n++)
        natsConnection_PublishString(bus_connection(), natsMsg_GetReply(p->next.messages[n]), "-NAK");
    drop(&p->next);
    pull_close(&p->pull);
}

static bool may_pull(struct puller *p)
{
    return !(p->row->mode & ORDERED) || leader_check(p->leader, NULL);
}

static void *run(void *puller)
{
    struct puller *p = puller;

    thread_is(p->row->name);
    while (!atomic_load(&all.stopping)) {
        if (!may_pull(p) || !pull_open(&p->pull)) {
            leave(p);
            usleep(200 * 1000);
            continue;
        }
        if (!collect(p))
            pull_close(&p->pull); /* stream, consumer or server gone: made again by pull_open() */
        else if (p->batch.count)
            process(p);
        else
            pull_check(&p->pull);
    }
    leave(p);
    return NULL;
}

void consume_start(const struct service *s)
{
    for (const struct consumer *c = s->consumers; c && c->subject && all.count < CONSUMERS_MAX; c++) {
        struct puller *p = &all.pullers[all.count++];

        p->service = s;
        p->row = c;
        pull_init(&p->pull, c->name, c->subject, c->mode & ORDERED, c->pace_ms > 0);
        if (c->mode & ORDERED)
            p->leader = leader_new(s->name, c->name);
        pthread_create(&p->thread, NULL, run, p);
    }
}

void consume_stop(void)
{
    atomic_store(&all.stopping, true);
    for (int i = 0; i < all.count; i++) {
        pthread_join(all.pullers[i].thread, NULL);
        if (all.pullers[i].leader)
            leader_free(all.pullers[i].leader);
    }
}

/* --- dead letters -------------------------------------------------------------------------------------- */

int consume_again(struct work *w, const char *consumer, const char *envelope)
{
    const struct consumer *c = w->service->consumers;
    enum verdict verdict = UNKNOWN;
    json_t *list, *body = w->in, *e;
    const char *why;
    int fault;

    while (c && c->name && strcmp(c->name, consumer) != 0)
        c++;
    if (!c || !c->name)
        return fail(w, CONFLICT, "dead_letter.no_consumer", "There is no consumer %s any more.", consumer);
    e = envelope_read(w, envelope, strlen(envelope), 0, &why);
    if (!e)
        return fail(w, CONFLICT, "dead_letter.malformed", "The event %s: it can only be discarded.", why);
    list = arena_owns(w->arena, json_pack("[O]", e), (void (*)(void *))json_decref);
    w->kind = DELIVERY;
    fault = inbox_apply(w, c, list, &verdict);
    w->kind = REQUEST;
    w->in = body;
    if (fault != OK)
        return fault;
    if (verdict == GAP)
        return fail(w, CONFLICT, "dead_letter.gap",
                    "An earlier event of the same aggregate is missing: retry that one first.");
    return OK;
}
