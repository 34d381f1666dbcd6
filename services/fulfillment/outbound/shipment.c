#include "shipment.h"

#include <inttypes.h>
#include <string.h>

#include "outbox.h"
#include "resource.h"
#include "shipment_queries.h"
#include "silence_timer.h"

static int may_ship(struct work *w, const char *id);

/* Waves and orders move many shipments at once (wave.sql, shipment.sql): along these rows all the same. */
const struct step shipment_flow[] = {
    {"pending", "wave", "waved", NULL, "fulfillment.shipment.waved"},
    {"waved", "pack", "packed", NULL, "fulfillment.shipment.packed"},
    {"packed", "ship", "shipped", may_ship, "fulfillment.shipment.shipped"},
    {"shipped", "deliver", "delivered", NULL, "fulfillment.shipment.delivered"},
    {"waved|packed", "unwave", "pending", NULL, "fulfillment.shipment.unwaved"},
    {"pending|waved|packed", "void", "voided", NULL, "fulfillment.shipment.voided"},
    {"shipped|delivered", "cancel", SAME, NULL, "fulfillment.shipment.cancel_refused"},
    {0},
};

/* --- out of the house ---------------------------------------------------------------------------------- */

int shipment_pack(struct work *w, const char *id)
{
    TRY(flow_apply(w, "shipment", id, "pack"));
    return q_shipment_packed(w, id);
}

static int may_ship(struct work *w, const char *id)
{
    struct shipment_exceptions_row open;

    TRY(q_shipment_exceptions(w, id, &open));
    if (open.n)
        return fail(w, CONFLICT, "shipment.exception_open", "Nothing leaves while an exception is open: %s.",
                    open.kinds);
    return OK;
}

/* Said before the flow would say it: what is missing, and not only that the step is not there. */
static int must_be_packed(struct work *w, const char *id)
{
    struct shipment_missing_row missing;
    const char *status;

    TRY(flow_lock(w, "shipment", id, &status));
    if (strcmp(status, "pending") != 0 && strcmp(status, "waved") != 0)
        return OK;
    TRY(q_shipment_missing(w, id, &missing));
    return fail(w, CONFLICT, "shipment.not_packed",
                "The shipment is %s: %" PRId64 " units are still to be scanned.", status, missing.units);
}

int shipment_ship(struct work *w)
{
    const char *id = path_var(w, "id");

    TRY(must_be_packed(w, id));
    TRY(flow_apply(w, "shipment", id, "ship"));
    TRY(q_shipment_shipped(w, id, in_str(w, "carrier"), in_str(w, "tracking_number")));
    TRY(silence_timer_restart(w, id));
    return reply_resource(w, "shipments", id);
}
