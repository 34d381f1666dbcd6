#include "rebuild.h"

#include <string.h>

#include "calendar.h"
#include "care.h"
#include "deadline.h"
#include "intake_queries.h"
#include "outbox.h"
#include "products.h"
#include "quality.h"
#include "reading.h"
#include "resource.h"
#include "sales.h"

/* So many events a transaction: well below the time that a statement may take. */
enum { PART = 1000 };

/* Every kind of news takes its own from a part; what is of no kind here stays in the archive only. */
static const apply_news kinds[] = {products_apply, stock_apply,     orders_apply,
                                   refunds_apply,  shipments_apply, tickets_apply,
                                   surveys_apply,  intake_count,    mends_apply};

/* A deadline cannot set itself anew while it is handled, so after the beginning two take turns. */
enum turn { BEGIN = '0', ONE = 'a', OTHER = 'b' };

static int go_on_later(struct work *w, const char *id, enum turn turn)
{
    return deadline_set(w, "rebuild", textf(w, "%s/%c", id, (char)turn), 0);
}

/* From here on nobody adds to the figures or reads them. They go in the background, where they can wait for whoever is at
 * them now; what he still adds is in the archive and comes again. */
int rebuild_start(struct work *w)
{
    const char *id = new_id(w);

    TRY(q_rebuild_begin(w, id, calendar_zone(), w->actor));
    TRY(announce_new(w, "analytics.rebuild.started", "rebuild", id));
    TRY(go_on_later(w, id, BEGIN));
    return reply_resource(w, "rebuild", id);
}

/* A transaction of its own: whoever reads waits until it is over. */
static int forget_figures(struct work *w, const char *id)
{
    TRY(q_readers_first(w));
    TRY(q_figures_forget(w));
    TRY(q_figures_begin(w, calendar_zone()));
    return go_on_later(w, id, ONE);
}

static const json_t *read_part(struct work *w, const struct archive_read_row *rows, size_t n)
{
    json_t *news = json_owned(w, json_array());

    for (size_t i = 0; i < n; i++)
        json_array_append_new(news, json_loads(rows[i].event, 0, NULL));
    return news;
}

static int apply_part(struct work *w, const char *id, const char *zone, const struct archive_read_row *rows,
                      size_t n)
{
    const json_t *news = read_part(w, rows, n);

    for (size_t i = 0; i < COUNT(kinds); i++)
        TRY(kinds[i](w, news, zone));
    return q_rebuild_progress(w, id, rows[n - 1].no, (int64_t)n);
}

/* The lock lets nobody archive meanwhile, so that no event can slip in below the place that was read to. */
int rebuild_go_on(struct work *w)
{
    const char *turn = json_string_value(json_object_get(w->in, "aggregate_id"));
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
        return forget_figures(w, id);
    TRY(q_archive_read(w, r.read_to, PART, &rows, &n));
    if (n)
        TRY(apply_part(w, id, r.zone, rows, n));
    if (n == PART)
        return go_on_later(w, id, now == ONE ? OTHER : ONE);
    TRY(q_rebuild_done(w, id));
    return announce(w, "analytics.rebuild.finished", "rebuild", id);
}
