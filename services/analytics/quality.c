#include "quality.h"

#include <string.h>

#include "calendar.h"
#include "intake_queries.h"
#include "outbox.h"
#include "quality_queries.h"
#include "reading.h"
#include "resource.h"
#include "sales.h"

enum { YEARS_10 = 3660 };

const struct field quality_fields[] = {
    {"from", DAY, REQUIRED},
    {"to", DAY, REQUIRED},
    {0},
};

static const struct field line_fields[] = {
    {"sku", CODE, REQUIRED},
    {"quantity", QUANTITY, REQUIRED},
    {"unit_price", MONEY},
    {0},
};

/* Only what can be impossible can be mended: neither whose order it is nor its currency. */
static const struct field change_fields[] = {
    {"lines", LIST, OPTIONAL, 0, 1000, line_fields},
    {"discount", MONEY},
    {"placed_at", TIME},
    {"amount", MONEY},
    {"refunded_at", TIME},
    {0},
};

const struct field mend_fields[] = {
    {"reason", TEXT, REQUIRED, 1, 500},
    {"data", OBJECT, REQUIRED, .fields = change_fields},
    {0},
};

int quality_get(struct work *w)
{
    const char *doc;

    TRY(check_window(w, YEARS_10));
    TRY(q_quality(w, in_str(w, "from"), in_str(w, "to"), calendar_zone(), &doc));
    return reply_figures(w, doc);
}

/* --- mending --------------------------------------------------------------------------------------------------- */

static json_t *list_of(struct work *w)
{
    return json_owned(w, json_array());
}

int mends_apply(struct work *w, const json_t *news, const char *zone)
{
    const char *mends = news_of(w, news, "analytics.mend.made");
    json_t *taken = list_of(w), *again = list_of(w), *mended = list_of(w);
    struct quarantine_take_row *ids;
    struct mended_events_row *rows;
    size_t n;

    if (!mends)
        return OK;
    TRY(q_quarantine_take(w, mends, zone, &ids, &n));
    for (size_t i = 0; i < n; i++)
        json_array_append_new(taken, json_string(ids[i].id));
    TRY(q_mended_events(w, mends, json_text(w, taken), &rows, &n));
    for (size_t i = 0; i < n; i++) {
        json_array_append_new(again, json_loads(rows[i].event, 0, NULL));
        if (rows[i].mended)
            json_array_append(mended, json_array_get(again, i));
    }
    TRY(orders_apply(w, again, zone));
    TRY(refunds_apply(w, again, zone));
    return intake_count(w, mended, zone);
}

/* Every reason that is left, as a fault of the changes. */
static int check_mended(struct work *w, const char *faults)
{
    while (*faults) {
        size_t length = strcspn(faults, " ");

        fault_at(w, "/data", arena_copy(w->arena, faults, length), "This is still impossible.");
        faults += length + (faults[length] == ' ');
    }
    return failed_if_any(w, "quarantine.still_impossible", "With these changes it still cannot be counted.");
}

static int feed_again(struct work *w, const char *id, const char *zone)
{
    const char *made;
    json_t *news;

    TRY(q_mend_archive(w, id, &made));
    news = json_owned(w, json_loads(made, 0, NULL));
    return mends_apply(w, news, zone);
}

int quarantine_mend(struct work *w)
{
    const char *id = new_id(w), *aside = path_var(w, "id");
    struct quarantine_mended_row row;
    struct figures_state_row state;

    TRY(q_figures_alone(w));
    TRY(q_figures_begin(w, calendar_zone()));
    TRY(q_figures_state(w, &state));
    if (state.rebuilding)
        return reply_figures(w, NULL);
    TRY(q_quarantine_mended(w, aside, in_json(w, "data"), &row));
    if (!row.found)
        return fail(w, NOT_FOUND, "quarantine.unknown",
                    "Nothing that can be mended is set aside under this id.");
    TRY(check_mended(w, row.fault));
    TRY(q_mend_add(w, id, aside, row.type, row.about, in_str(w, "reason"), row.data, w->actor));
    TRY(feed_again(w, id, state.zone));
    TRY(announce_new(w, "analytics.mend.made", "mend", id));
    return reply_resource(w, "mends", id);
}
