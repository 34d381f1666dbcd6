#include "wave.h"

#include <string.h>

#include "config.h"
#include "outbox.h"
#include "resource.h"
#include "shipment_queries.h"
#include "wave_queries.h"

const struct step wave_flow[] = {
    {"open", "void", "voided", NULL, "fulfillment.wave.voided"},
    {0},
};

/* How many shipments fit into a wave. */
static int64_t shipments_max(void)
{
    return config_int("WAVE_SHIPMENTS_MAX", 500);
}

/* Take waiting shipments into a new wave; *taken is their number, and with 0 there is no wave. */
static int gather(struct work *w, const char *id, const char *warehouse, int64_t *taken)
{
    struct wave_pack_empty_row empty;
    struct wave_take_row row;

    TRY(q_wave_take(w, id, warehouse, shipments_max(), &row));
    *taken = row.n;
    if (!row.n)
        return OK;
    TRY(q_wave_insert(w, id, warehouse, w->actor));
    TRY(q_wave_pack_empty(w, id, &empty));
    TRY(announce_new(w, "fulfillment.wave.opened", "wave", id));
    TRY(announce_all(w, "fulfillment.shipment.waved", "shipment", row.shipments));
    return announce_all(w, "fulfillment.shipment.packed", "shipment", empty.shipments);
}

int wave_open(struct work *w)
{
    const char *id = new_id(w), *warehouse = in_str(w, "warehouse");
    int64_t taken;

    TRY(gather(w, id, warehouse, &taken));
    if (!taken)
        return fail(w, CONFLICT, "wave.empty", "No shipment waits for a wave in %s.", warehouse);
    return reply_resource(w, "waves", id);
}

/* The cut-off: all shipments that were created before are in a wave afterwards, however many waves that
 * takes. */
int wave_open_all(struct work *w)
{
    struct wave_warehouses_row *rows;
    size_t n;

    TRY(q_wave_warehouses(w, &rows, &n));
    for (size_t i = 0; i < n; i++) {
        for (int64_t left = rows[i].waiting, taken = 1; left > 0 && taken > 0; left -= taken)
            TRY(gather(w, new_id(w), rows[i].warehouse, &taken));
    }
    return OK;
}

/* Shipments that have left stay as they are; the others wait for another wave, where they are scanned
 * anew. */
int wave_void(struct work *w)
{
    const char *id = path_var(w, "id");
    struct wave_empty_row back;

    TRY(flow_apply(w, "wave", id, "void"));
    TRY(q_wave_lock_shipments(w, id));
    TRY(q_wave_empty(w, id, in_str(w, "reason"), &back));
    if (strcmp(back.shipments, "{}") == 0)
        return fail(w, CONFLICT, "wave.all_gone",
                    "All shipments of the wave are shipped or voided: none can be returned to pending.");
    TRY(q_wave_slots_void(w, back.shipments));
    TRY(announce_all(w, "fulfillment.shipment.unwaved", "shipment", back.shipments));
    return reply_resource(w, "waves", id);
}
