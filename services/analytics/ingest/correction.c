#include "correction.h"

#include <string.h>

#include "archive_queries.h"
#include "calendar.h"
#include "correction_queries.h"
#include "json_out.h"
#include "outbox.h"
#include "report.h"
#include "resource.h"

static const struct field line_fields[] = {
    {"sku", CODE, REQUIRED},
    {"quantity", QUANTITY, REQUIRED},
    {"unit_price", MONEY},
    {0},
};

/* Only what can be impossible can be corrected: neither whose order it is nor its currency. */
static const struct field change_fields[] = {
    {"lines", LIST, OPTIONAL, 0, 1000, line_fields},
    {"discount", MONEY},
    {"placed_at", TIME},
    {"amount", MONEY},
    {"refunded_at", TIME},
    {0},
};

const struct field correction_fields[] = {
    {"reason", TEXT, REQUIRED, 1, 500},
    {"data", OBJECT, REQUIRED, .fields = change_fields},
    {0},
};

/* --- applying ---------------------------------------------------------------------------------------- */

static const char *take_ids(struct work *w, const char *corrections, const char *zone, int *fault)
{
    struct text ids = text_new(w->arena);
    struct quarantine_take_row *rows;
    size_t n;

    *fault = q_quarantine_take(w, corrections, zone, &rows, &n);
    json_begin_list(&ids, NULL);
    for (size_t i = 0; *fault == OK && i < n; i++)
        json_add_text(&ids, NULL, rows[i].id);
    json_end_list(&ids);
    return ids.bytes;
}

int corrections_apply(struct work *w, const json_t *events, const char *zone)
{
    const char *corrections = events_of(w, events, "analytics.correction.made"), *taken;
    json_t *again = json_owned(w, json_array()), *corrected = json_owned(w, json_array());
    struct corrected_events_row *rows;
    size_t n;
    int fault;

    if (!corrections)
        return OK;
    taken = take_ids(w, corrections, zone, &fault);
    TRY(fault);
    TRY(q_corrected_events(w, corrections, taken, &rows, &n));
    for (size_t i = 0; i < n; i++) {
        json_array_append_new(again, json_loads(rows[i].event, 0, NULL));
        if (rows[i].corrected)
            json_array_append(corrected, json_array_get(again, i));
    }
    TRY(apply_all(w, again, zone));
    return ingest_count(w, corrected, zone);
}

/* --- correcting -------------------------------------------------------------------------------------- */

/* Every reason that is left, as a fault of the changes. */
static int check_corrected(struct work *w, const char *faults)
{
    while (*faults) {
        size_t length = strcspn(faults, " ");

        fault_at(w, "/data", arena_copy(w->arena, faults, length), "The value is still impossible.");
        faults += length + (faults[length] == ' ');
    }
    return failed_if_any(w, "quarantine.still_impossible", "With these changes the event is still invalid.");
}

static int apply_one(struct work *w, const char *id, const char *zone)
{
    const char *archived;

    TRY(q_correction_archive(w, id, &archived));
    return corrections_apply(w, json_owned(w, json_loads(archived, 0, NULL)), zone);
}

int quarantine_reprocess(struct work *w)
{
    const char *id = new_id(w), *quarantined = path_var(w, "id");
    struct quarantine_corrected_row row;
    struct figures_state_row state;

    TRY(q_figures_lock_exclusive(w));
    TRY(q_figures_begin(w, calendar_zone()));
    TRY(q_figures_state(w, &state));
    if (state.rebuilding)
        return reply_figures(w, NULL);
    TRY(q_quarantine_corrected(w, quarantined, in_json(w, "data"), &row));
    if (!row.found)
        return fail(w, NOT_FOUND, "quarantine.unknown",
                    "The quarantine has no event with this id that can be corrected.");
    TRY(check_corrected(w, row.fault));
    TRY(q_correction_add(w, id, quarantined, row.type, row.order_id, in_str(w, "reason"), row.data,
                         w->actor));
    TRY(apply_one(w, id, state.zone));
    TRY(announce_new(w, "analytics.correction.made", "correction", id));
    return reply_resource(w, "corrections", id);
}
