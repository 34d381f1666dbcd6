#include "scan.h"

#include <string.h>

#include "exception.h"
#include "json_out.h"
#include "scan_queries.h"
#include "shipment.h"
#include "shipment_queries.h"

/* --- the rule ---------------------------------------------------------------------------------------- */

static const struct refusal not_expected = {
    "not_expected", "scan.not_expected", false,
    "The shipment cannot be scanned: it is not in a wave, or it is voided or shipped."};
static const struct refusal wrong_barcode = {"wrong_barcode", "scan.wrong_barcode", true,
                                             "The shipment does not contain this article."};
static const struct refusal already_complete = {"already_complete", "scan.already_complete", true,
                                                "All units of this article have been scanned already."};
static const struct refusal over_quantity = {"over_quantity", "scan.over_quantity", true,
                                             "The quantity is more than the units still to be scanned."};

const struct refusal *scan_judge(const char *status, bool on_list, int64_t needed, int64_t has, int64_t units)
{
    if (strcmp(status, "waved") != 0 && strcmp(status, "packed") != 0)
        return &not_expected;
    if (!on_list)
        return &wrong_barcode;
    if (has >= needed)
        return &already_complete;
    return units > needed - has ? &over_quantity : NULL;
}

/* --- the handler ------------------------------------------------------------------------------------- */

/* The scan is kept, and with it the exception that keeps the shipment from being shipped. */
static int refuse_scan(struct work *w, const char *shipment, const struct refusal *no)
{
    const char *detail = textf(w, "%s Scanned: %s.", no->detail, in_str(w, "barcode"));

    if (no->exception)
        TRY(exception_open(w, no->result, shipment, detail));
    return refuse_on_record(w, CONFLICT, no->code, "%s", detail);
}

static int accept_scan(struct work *w, const char *shipment, const char *scan,
                       const struct scan_target_row *t, int64_t units)
{
    bool complete = t->scanned + units == t->quantity && !t->others_open;
    struct text out = text_new(w->arena);

    TRY(q_scan_count(w, shipment, t->sku, units));
    if (complete)
        TRY(shipment_pack(w, shipment));
    json_begin_object(&out, NULL);
    json_add_text(&out, "id", scan);
    json_add_text(&out, "result", "ok");
    json_add_text(&out, "sku", t->sku);
    json_add_int(&out, "scanned", t->scanned + units);
    json_add_int(&out, "quantity", t->quantity);
    json_add_text(&out, "shipment_status", complete ? "packed" : "waved");
    json_end_object(&out);
    return reply(w, out.bytes);
}

/* Lock and look in one round trip. Scans of one shipment wait for each other, those of different shipments do
 * not. */
int scan_out(struct work *w)
{
    const char *id = new_id(w), *shipment = path_var(w, "shipment_id"), *barcode = in_str(w, "barcode");
    int64_t units = in_has(w, "quantity") ? in_int(w, "quantity") : 1;
    const struct refusal *no;
    struct scan_target_row t;

    TRY(q_shipment_lock(w, shipment));
    TRY(q_scan_target(w, shipment, barcode, &t));
    no = scan_judge(t.status, t.sku != NULL, t.quantity, t.scanned, units);
    TRY(q_scan_insert(w, id, shipment, barcode, units, no ? no->result : "ok", t.sku, w->actor));
    return no ? refuse_scan(w, shipment, no) : accept_scan(w, shipment, id, &t, units);
}
