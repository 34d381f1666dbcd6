#include "stream.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "bus.h"
#include "clock.h"
#include "durable.h"
#include "field.h"
#include "log.h"
#include "metrics.h"
#include "relay_queries.h"
#include "transaction.h"
#include "work.h"

enum { CHECK_MS = 5000, STALLED_AFTER = 3, SCRUB_MS = 100, SCRUB = 32, TAILS = 4 };

static struct {
    const char *service;
    struct stream_state state;
    unsigned long
        generation; /* of the connection when the stream was last verified; 0: it must be verified */
    bool suspect;   /* verify it at the next check */
    int64_t next_check, next_scrub;
    int64_t scrub_position; /* what stands up to here was not read back since the stream was verified */
    int64_t lost_at;        /* milliseconds since 1970, 0: not asked for since the last loss */
    int silent;             /* checks in a row that JetStream did not answer */
    int64_t tails[TAILS];   /* last sequence numbers at the last checks, in a ring */
    unsigned checks;
} stream;

const char *stream_epoch(void)
{
    return stream.state.epoch;
}

int64_t stream_lost_at(void)
{
    struct timespec now;

    if (!stream.lost_at) {
        clock_gettime(CLOCK_REALTIME, &now);
        stream.lost_at = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    }
    return stream.lost_at;
}

void stream_mark_suspect(bool at_once)
{
    stream.suspect = true;
    if (at_once)
        stream.generation = 0;
}

/* --- verifying ------------------------------------------------------------------------------------------ */

static void report_loss(int64_t count)
{
    if (!count)
        return;
    stream.lost_at = 0; /* message ids from now on are others: publish.c */
    metrics_add(STREAM_ALARMS, 1);
    metrics_add(EVENTS_REPUBLISHED, count);
    log_error(NULL, "relay.stream_lost",
              "the stream lost %" PRId64 " events or was replaced: they are published again", count);
}

static int no_answer(struct work *w)
{
    return fail(w, BUSY, "stream.no_answer", "nats-server does not return the state of the stream.");
}

/* The event's id that the message at this place carries: its Nats-Msg-Id without what publish.c adds for a
 * repeat. */
static enum held event_id_at(int64_t seq, char id[64])
{
    enum held held = bus_message(stream.service, seq, id);

    if (held == HELD)
        id[strcspn(id, "/")] = '\0';
    return held;
}

static enum held holds(int64_t seq, const char *id)
{
    char found[64] = "";
    enum held held = event_id_at(seq, found);

    return held == HELD && strcmp(found, id) != 0 ? NOT_HELD : held;
}

/*
 * A stream whose last event is not in the log is ahead of the database: that was restored to an earlier time
 * and the stream was not emptied. Its consumers' positions are of the later time, so they would miss what is
 * published from now on.
 */
static int check_ahead(struct work *w)
{
    struct event_known_row known = {.found = true};
    char id[64] = "";

    if (stream.state.last_seq > 0)
        event_id_at(stream.state.last_seq, id);
    if (field_text_fits(UUID, id))
        TRY(q_event_known(w, id, &known));
    metrics_set(STREAM_AHEAD, !known.found);
    if (!known.found)
        log_error(NULL, "relay.stream_ahead",
                  "the stream contains events that the database does not: was the database restored?");
    return OK;
}

/* Finds the last place at which the stream holds the event that the log has there, seldom more than a few
 * steps back; what the log has behind it, or in another stream, is lost. */
static int verify_tail(struct work *w)
{
    struct event_tail_row tail;
    struct event_at_seq_row ours;
    struct event_elsewhere_row elsewhere;
    int64_t seq, count = 0;
    enum held held;

    TRY(q_event_elsewhere(w, stream.state.epoch, &elsewhere));
    TRY(q_event_tail(w, stream.state.epoch, &tail));
    seq = tail.found ? tail.seq : 0;
    if (seq > stream.state.last_seq)
        seq = stream.state.last_seq;
    while (seq > 0) {
        TRY(q_event_at_seq(w, stream.state.epoch, seq, &ours));
        if (!ours.found) {
            seq--;
            continue;
        }
        if (seq < stream.state.first_seq && ours.old)
            break; /* all may have expired after quiet days: that is no loss */
        held = holds(seq, ours.id);
        if (held == HELD)
            break;
        if (held == NOT_KNOWN)
            return no_answer(w);
        seq /= 2;
    }
    if (elsewhere.found || (tail.found && seq < tail.seq))
        TRY(q_event_unpublish(w, stream.state.epoch, seq, &count));
    report_loss(count);
    return OK;
}

/* Looks up the gaps that the server itself knows of. */
static int verify_middle(struct work *w)
{
    struct text places = text_new(w->arena);
    int64_t count;

    if (!stream.state.missing)
        return OK;
    if (!bus_missing(stream.service, &places))
        return no_answer(w);
    TRY(q_event_unpublish_at(w, stream.state.epoch, textf(w, "{%s}", places.bytes), &count));
    report_loss(count);
    return OK;
}

static int verify(struct work *w)
{
    TRY(check_ahead(w));
    if (!durable_rewind_all(stream.service, stream.state.last_seq))
        return no_answer(w);
    TRY(verify_tail(w));
    return verify_middle(w);
}

/* Reads back a part, from the end, as that is what consumers still want: nats-server finds out about a
 * damaged message only when it reads it, and then leaves it out without an error. */
static int scrub(struct work *w)
{
    struct event_places_row *rows;
    struct text places = text_new(w->arena);
    int64_t from = stream.scrub_position - SCRUB + 1, count;
    enum held held;
    size_t n;

    if (from < stream.state.first_seq)
        from = stream.state.first_seq;
    TRY(q_event_places(w, stream.state.epoch, from, stream.scrub_position, &rows, &n));
    for (size_t i = 0; i < n; i++) {
        held = holds(rows[i].seq, rows[i].id);
        if (held == NOT_KNOWN)
            return no_answer(w);
        if (held == NOT_HELD)
            text_addf(&places, "%s%" PRId64, places.length ? "," : "", rows[i].seq);
    }
    if (!places.length)
        return OK;
    TRY(q_event_unpublish_at(w, stream.state.epoch, textf(w, "{%s}", places.bytes), &count));
    report_loss(count);
    return OK;
}

/* --- checking ------------------------------------------------------------------------------------------- */

static bool in_work(int (*f)(struct work *))
{
    struct work w;
    int fault;

    work_begin(&w, JOB, "relay");
    fault = work_run(&w, f, NULL);
    work_end(&w);
    return fault == OK;
}

static void go_on_scrubbing(void)
{
    if (stream.scrub_position < stream.state.first_seq || stream.scrub_position < 1 ||
        clock_ms() < stream.next_scrub)
        return;
    stream.next_scrub = clock_ms() + SCRUB_MS;
    if (in_work(scrub))
        stream.scrub_position -= SCRUB;
}

/* Reads what was the last message 20 s ago: by then it comes from the disk. Where it cannot be read, the
 * server acknowledges what it does not keep (its files were removed). Only a restart of the server helps. */
static bool is_durable(void)
{
    int64_t *slot = &stream.tails[stream.checks++ % TAILS], tail = *slot;
    char id[64];

    *slot = stream.state.last_seq;
    if (tail < stream.state.first_seq || tail > stream.state.last_seq ||
        bus_message(stream.service, tail, id) != NOT_HELD)
        return true;
    log_rarely("relay.stream_void", "nats-server does not store acknowledged events: kill and restart it");
    return false;
}

static bool is_as_before(const struct stream_state *before)
{
    return stream.generation == bus_generation() && !stream.suspect &&
           !strcmp(before->epoch, stream.state.epoch) && stream.state.last_seq >= before->last_seq &&
           stream.state.missing == before->missing;
}

static bool check(bool must)
{
    struct stream_state before = stream.state;
    bool known = bus_stream(stream.service, &stream.state);

    stream.next_check = clock_ms() + CHECK_MS;
    stream.silent = known ? 0 : stream.silent + 1;
    metrics_set(NATS_STALLED, stream.silent >= STALLED_AFTER || (known && !is_durable()));
    if (!known) {
        stream.suspect = true;
        return false;
    }
    if (!must && is_as_before(&before))
        return true;
    stream.suspect = false;
    stream.generation = 0; /* until it is verified, however often that fails */
    if (!in_work(verify))
        return false;
    stream.generation = bus_generation();
    stream.scrub_position = stream.state.last_seq;
    return true;
}

bool stream_check(const char *service, bool must)
{
    stream.service = service;
    if (must || stream.generation != bus_generation() || clock_ms() >= stream.next_check)
        return check(must);
    go_on_scrubbing();
    return true;
}
