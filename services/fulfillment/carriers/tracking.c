#include "tracking.h"

#include <string.h>

#include "deadline.h"
#include "exception.h"
#include "flow.h"
#include "outbox.h"
#include "shipment_queries.h"
#include "silence_timer.h"
#include "tracking_queries.h"

const char tracking_statuses[] =
    "info_received|picked_up|in_transit|out_for_delivery|delivered|delayed|damaged|refused|lost|returned";

/* --- the rules ----------------------------------------------------------------------------------------- */

const char *tracking_opens(const char *status, bool delivered_later)
{
    static const struct {
        const char *status;
        bool even_if_delivered;
    } bad[] = {{"damaged", true}, {"refused", false}, {"lost", false}, {"returned", false}};

    for (size_t i = 0; i < COUNT(bad); i++) {
        if (strcmp(bad[i].status, status) == 0 && (bad[i].even_if_delivered || !delivered_later))
            return bad[i].status;
    }
    return NULL;
}

const char *tracking_settles(const char *status, bool newest)
{
    if (!newest)
        return NULL;
    return strcmp(status, "delivered") == 0 ? "{no_movement,lost,refused}" : "{no_movement}";
}

/* --- taking them in ------------------------------------------------------------------------------------ */

int tracking_silent(struct work *w)
{
    const char *id = in_str(w, "aggregate_id"), *status;

    TRY(flow_lock(w, "shipment", id, &status));
    if (strcmp(status, "shipped") != 0)
        return OK;
    return exception_open(w, "no_movement", id,
                          "The carrier has not told anything of this parcel for too long.");
}

static int deliver(struct work *w, const char *shipment)
{
    int taken;

    TRY(flow_apply_if(w, "shipment", shipment, "deliver", &taken));
    if (taken)
        TRY(q_shipment_delivered(w, shipment, in_str(w, "occurred_at")));
    return deadline_met(w, "parcel_silent", shipment);
}

/* Locks: the shipment, then its exceptions, then its deadline. */
static int apply_news(struct work *w, const struct parcel_lock_row *parcel, const char *status)
{
    struct tracking_place_row place;
    const char *opens, *settles;

    TRY(q_tracking_place(w, parcel->id, in_str(w, "occurred_at"), &place));
    opens = tracking_opens(status, place.delivered_later);
    settles = tracking_settles(status, place.newest);
    if (settles)
        TRY(exceptions_settle(w, textf(w, "{%s}", parcel->id), settles,
                              textf(w, "The carrier says: %s.", status)));
    if (strcmp(status, "delivered") == 0)
        TRY(deliver(w, parcel->id));
    else if (place.newest && strcmp(parcel->status, "shipped") == 0)
        TRY(silence_timer_restart(w, parcel->id));
    return opens ? exception_open(w, opens, parcel->id, textf(w, "The carrier says: %s.", status)) : OK;
}

static int not_ahead(struct work *w, const char *occurred_at)
{
    struct tracking_ahead_row row;

    TRY(q_tracking_ahead(w, occurred_at, &row));
    if (row.ahead)
        fault_at(w, "/occurred_at", "tracking.in_the_future", "This is more than a day ahead.");
    return failed_if_any(w, "tracking.invalid", "The tracking event has faults.");
}

int tracking_take(struct work *w)
{
    const char *status = in_str(w, "status"), *occurred_at = in_str(w, "occurred_at"), *json;
    struct tracking_insert_row kept;
    struct parcel_lock_row parcel;

    TRY(not_ahead(w, occurred_at));
    TRY(q_parcel_lock(w, in_str(w, "carrier"), in_str(w, "tracking_number"), &parcel));
    if (!parcel.found)
        return fail(w, NOT_FOUND, "tracking.unknown_parcel",
                    "No parcel of ours went with this carrier and number.");
    TRY(q_tracking_insert(w, new_id(w), parcel.id, status, occurred_at, in_str(w, "note"), &kept));
    if (kept.found)
        TRY(apply_news(w, &parcel, status));
    TRY(q_tracking_answer(w, parcel.id, status, occurred_at, &json));
    return reply(w, json);
}
