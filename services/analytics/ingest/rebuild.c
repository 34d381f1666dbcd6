#include "rebuild.h"

#include <string.h>

#include "archive.h"
#include "archive_queries.h"
#include "calendar.h"
#include "correction.h"
#include "deadline.h"
#include "outbox.h"
#include "rebuild_queries.h"
#include "resource.h"

/* Events in one transaction: well below the time that a statement may take. */
enum { PART = 1000 };

/* A deadline cannot set itself anew while it is handled, so after the beginning two take turns. */
enum turn { BEGIN = '0', ONE = 'a', OTHER = 'b' };

static int schedule_part(struct work *w, const char *id, enum turn turn)
{
    return deadline_set(w, "rebuild", textf(w, "%s/%c", id, (char)turn), 0);
}

/* From here on no batch adds to the figures, and no report reads them. The rebuild runs in the background, where it can
 * wait for batches that are under way; what these still add is in the archive and is applied again. */
int rebuild_start(struct work *w)
{
    const char *id = new_id(w);

    TRY(q_rebuild_begin(w, id, calendar_zone(), w->actor));
    TRY(announce_new(w, "analytics.rebuild.started", "rebuild", id));
    TRY(schedule_part(w, id, BEGIN));
    return reply_resource(w, "rebuild", id);
}

/* In a transaction of its own, because readers wait until it is over. */
static int empty_figures(struct work *w, const char *id)
{
    TRY(q_readers_first(w));
    TRY(q_figures_forget(w));
    TRY(q_figures_begin(w, calendar_zone()));
    return schedule_part(w, id, ONE);
}

static const json_t *read_part(struct work *w, const struct archive_read_row *rows, size_t n)
{
    json_t *events = json_owned(w, json_array());

    for (size_t i = 0; i < n; i++)
        json_array_append_new(events, json_loads(rows[i].event, 0, NULL));
    return events;
}

static int apply_part(struct work *w, const char *id, const char *zone, const struct archive_read_row *rows,
                      size_t n)
{
    const json_t *events = read_part(w, rows, n);

    TRY(apply_all(w, events, zone));
    TRY(ingest_count(w, events, zone));
    TRY(corrections_apply(w, events, zone));
    return q_rebuild_progress(w, id, rows[n - 1].no, (int64_t)n);
}

/* The lock keeps all batches from archiving meanwhile, so that no event gets a number below the place that was read. */
int rebuild_next_part(struct work *w)
{
    const char *turn = in_str(w, "aggregate_id");
    const char *id = arena_copy(w->arena, turn, strcspn(turn, "/"));
    enum turn now = (enum turn)turn[strlen(turn) - 1];
    struct archive_read_row *rows;
    struct rebuild_lock_row r;
    size_t n;

    TRY(q_figures_alone(w));
    TRY(q_rebuild_lock(w, id, &r));
    if (strcmp(r.status, "running") != 0)
        return OK;
    if (now == BEGIN)
        return empty_figures(w, id);
    TRY(q_archive_read(w, r.read_to, PART, &rows, &n));
    if (n)
        TRY(apply_part(w, id, r.zone, rows, n));
    if (n == PART)
        return schedule_part(w, id, now == ONE ? OTHER : ONE);
    TRY(q_rebuild_done(w, id));
    return announce(w, "analytics.rebuild.finished", "rebuild", id);
}
