#include "exception.h"

#include "config.h"
#include "exception_queries.h"
#include "outbox.h"
#include "resource.h"
#include "silence_timer.h"

const struct step exception_flow[] = {
    {"open", "assign", SAME, NULL, "fulfillment.exception.assigned"},
    {"open", "resolve", "resolved", NULL, "fulfillment.exception.resolved"},
    {0},
};

int exception_open(struct work *w, const char *kind, const char *shipment, const char *detail)
{
    struct exception_insert_row row;

    TRY(q_exception_insert(w, new_id(w), kind, shipment, detail, config_int("EXCEPTION_SECONDS", 14400),
                           &row));
    return row.found ? announce_new(w, "fulfillment.exception.opened", "exception", row.id) : OK;
}

int exceptions_settle(struct work *w, const char *shipments, const char *kinds, const char *resolution)
{
    struct exceptions_settle_row row;

    TRY(q_exceptions_settle(w, shipments, kinds, resolution, w->actor, &row));
    return announce_all(w, "fulfillment.exception.resolved", "exception", row.settled);
}

/* Whoever settled that a parcel was silent waits for its next word anew. */
static int restart_silence_timer(struct work *w, const char *id)
{
    struct exception_silent_parcel_row parcel;

    TRY(q_exception_silent_parcel(w, id, &parcel));
    return parcel.found ? silence_timer_restart(w, parcel.shipment_id) : OK;
}

int exception_resolve(struct work *w)
{
    const char *id = path_var(w, "id");

    TRY(flow_apply(w, "exception", id, "resolve"));
    TRY(q_exception_resolved(w, id, in_str(w, "resolution"), w->actor));
    TRY(restart_silence_timer(w, id));
    return reply_resource(w, "exceptions", id);
}
