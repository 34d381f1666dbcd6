#include "stream.h"
#include "field.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "bus.h"
#include "clock.h"
#include "durable.h"
#include "log.h"
#include "metrics.h"
#include "relay_queries.h"
#include "transaction.h"
#include "work.h"

enum { LOOK_MS = 5000, STALLED_AFTER = 3, READ_MS = 100, READ = 32, LATER = 4 };

static struct {
    const char *service;
    struct stream_state state;
    unsigned long generation; /* of the bus, when it was last verified */
    unsigned long verified;   /* so many times */
    atomic_bool doubted;      /* also by whoever hears what the stream answers */
    int64_t next_look, next_read;
    int64_t unread;      /* what stands up to here was not read since it was verified */
    int64_t lost_at;     /* by the calendar */
    int silent;          /* times in a row that JetStream did not answer */
    int64_t ends[LATER]; /* where it ended at the last looks */
    unsigned looks;
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

unsigned long stream_verified(void)
{
    return stream.verified;
}

void stream_doubt(bool at_once)
{
    stream.doubted = true;
    if (at_once)
        stream.generation = 0;
}

/* --- what it lost ---------------------------------------------------------------------------------------- */

static void lost(int64_t count)
{
    if (!count)
        return;
    stream.lost_at = 0;
    metrics_add(STREAM_ALARMS, 1);
    metrics_add(EVENTS_REPUBLISHED, count);
    log_error(NULL, "relay.stream_lost",
              "the stream lost or replaced events: %" PRId64 " are published again", count);
}

static int not_known(struct work *w)
{
    return fail(w, BUSY, "stream.silent", "nats-server does not say what the stream holds");
}

static enum held holds(int64_t seq, const char *id)
{
    char there[64] = "";
    enum held held = bus_message(stream.service, seq, there);

    there[strcspn(there, "/")] = '\0'; /* what was published again has more behind its id: relay.c */
    return held == HELD && strcmp(there, id) != 0 ? NOT_HELD : held;
}

/* A stream whose last event we never wrote is of a later time than the database: that was restored, and the stream was not
 * emptied. Its consumers stand in that later time, so what they had not applied in ours they would never hear of. */
static int look_ahead(struct work *w)
{
    struct event_known_row known = {.found = true};
    char id[64] = "";

    if (stream.state.last_seq > 0 && bus_message(stream.service, stream.state.last_seq, id) == HELD)
        id[strcspn(id, "/")] = '\0';
    if (field_text_fits(UUID, id))
        TRY(q_event_known(w, id, &known));
    metrics_set(STREAM_AHEAD, !known.found);
    if (!known.found)
        log_error(NULL, "relay.stream_ahead",
                  "the stream knows events that the database does not: was it restored?");
    return OK;
}

/* The last place up to which the stream holds what we were told it holds: seldom more than a few steps back. */
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
            break; /* after quiet days all may have expired: that is no loss */
        held = holds(seq, ours.id);
        if (held == HELD)
            break;
        if (held == NOT_KNOWN)
            return not_known(w);
        seq /= 2;
    }
    if (elsewhere.found || (tail.found && seq < tail.seq))
        TRY(q_event_unpublish(w, stream.state.epoch, seq, &count));
    lost(count);
    return OK;
}

/* Places in its middle that it knows to be empty. */
static int verify_middle(struct work *w)
{
    struct text places = text_new(w->arena);
    int64_t count;

    if (!stream.state.missing)
        return OK;
    if (!bus_missing(stream.service, &places))
        return not_known(w);
    TRY(q_event_unpublish_at(w, stream.state.epoch, textf(w, "{%s}", places.bytes), &count));
    lost(count);
    return OK;
}

static int verify(struct work *w)
{
    TRY(look_ahead(w));
    if (!durable_rewind_all(stream.service, stream.state.last_seq))
        return not_known(w);
    TRY(verify_tail(w));
    return verify_middle(w);
}

/* nats-server does not know what is damaged before it reads it, and then leaves it out in silence: so read all once,
 * from the end, as that is what consumers still want. */
static int read_some(struct work *w)
{
    struct event_places_row *rows;
    struct text places = text_new(w->arena);
    int64_t from = stream.unread - READ + 1, count;
    enum held held;
    size_t n;

    if (from < stream.state.first_seq)
        from = stream.state.first_seq;
    TRY(q_event_places(w, stream.state.epoch, from, stream.unread, &rows, &n));
    for (size_t i = 0; i < n; i++) {
        held = holds(rows[i].seq, rows[i].id);
        if (held == NOT_KNOWN)
            return not_known(w);
        if (held == NOT_HELD)
            text_addf(&places, "%s%" PRId64, places.length ? "," : "", rows[i].seq);
    }
    if (!places.length)
        return OK;
    TRY(q_event_unpublish_at(w, stream.state.epoch, textf(w, "{%s}", places.bytes), &count));
    lost(count);
    return OK;
}

/* --- looking --------------------------------------------------------------------------------------------- */

static bool in_work(int (*f)(struct work *))
{
    struct work w;
    int fault;

    work_begin(&w, JOB, "relay");
    fault = work_run(&w, f, NULL);
    work_end(&w);
    return fault == OK;
}

static void go_on_reading(void)
{
    if (stream.unread < stream.state.first_seq || stream.unread < 1 || clock_ms() < stream.next_read)
        return;
    stream.next_read = clock_ms() + READ_MS;
    if (in_work(read_some))
        stream.unread -= READ;
}

/* Can what was the last message 20 s ago still be read? By then it comes from the disk. If not, the server acknowledges
 * what it does not keep (its files were taken away): only starting it again helps, so that is all we say. */
static bool keeps(void)
{
    int64_t *slot = &stream.ends[stream.looks++ % LATER], end = *slot;
    char id[64];

    *slot = stream.state.last_seq;
    if (end < stream.state.first_seq || end > stream.state.last_seq ||
        bus_message(stream.service, end, id) != NOT_HELD)
        return true;
    log_rarely("relay.stream_void", "nats-server does not keep what it acknowledges: kill and start it");
    return false;
}

static bool is_as_before(const struct stream_state *before)
{
    return stream.generation == bus_generation() && !stream.doubted &&
           !strcmp(before->epoch, stream.state.epoch) && stream.state.last_seq >= before->last_seq &&
           stream.state.missing == before->missing;
}

static bool look(bool must)
{
    struct stream_state before = stream.state;
    bool known = bus_stream(stream.service, &stream.state);

    stream.next_look = clock_ms() + LOOK_MS;
    stream.silent = known ? 0 : stream.silent + 1;
    metrics_set(NATS_STALLED, stream.silent >= STALLED_AFTER || (known && !keeps()));
    if (!known) {
        stream.doubted = true;
        return false;
    }
    if (!must && is_as_before(&before))
        return true;
    stream.doubted = false;
    stream.generation = 0; /* until it is verified, however often that fails */
    if (!in_work(verify))
        return false;
    stream.verified++;
    stream.generation = bus_generation();
    stream.unread = stream.state.last_seq;
    return true;
}

bool stream_due(bool must)
{
    return must || stream.generation != bus_generation() || clock_ms() >= stream.next_look;
}

bool stream_look(const char *service, bool must)
{
    stream.service = service;
    if (stream_due(must))
        return look(must);
    go_on_reading();
    return true;
}
