#include "reconciliation.h"

#include "archive_queries.h"
#include "consume.h"
#include "json_out.h"
#include "reconciliation_queries.h"
#include "report.h"
#include "report_queries.h"

int analytics_on_orders_ledger(struct work *w)
{
    const char *closed = event_batch(w, "orders.ledger.closed");

    return closed ? q_claims_heard(w, closed) : OK;
}

/* The lock keeps a rebuild from emptying the figures meanwhile; while they are rebuilt there is nothing to compare. */
static int compare(struct work *w, bool *ready, struct reconcile_row *found)
{
    struct figures_busy_row figures;

    TRY(q_figures_shared(w));
    TRY(q_figures_busy(w, &figures));
    *ready = !figures.rebuilding;
    return *ready ? q_reconcile(w, found) : OK;
}

int reconcile(struct work *w)
{
    struct reconcile_row found;
    bool ready;

    return compare(w, &ready, &found);
}

int reconcile_now(struct work *w)
{
    struct text out = text_new(w->arena);
    struct reconcile_row found;
    bool ready;

    TRY(compare(w, &ready, &found));
    if (!ready)
        return reply_figures(w, NULL);
    json_begin_object(&out, NULL);
    json_add_int(&out, "days", found.days);
    json_add_int(&out, "differences", found.differences);
    json_end_object(&out);
    return reply(w, out.bytes);
}

int reconcile_gauge(struct work *w, int64_t *n)
{
    struct reconcile_diff_row row;

    TRY(q_reconcile_diff(w, &row));
    *n = row.n;
    return OK;
}
