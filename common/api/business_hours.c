#include "business_hours.h"

#include "calendar.h"
#include "calendar_queries.h"
#include "flow.h"
#include "outbox.h"
#include "resource.h"
#include "work.h"

static const struct field hour_fields[] = {
    {"weekday", INTEGER, REQUIRED, 1, 7},
    {"opens", TEXT, REQUIRED, 5, 5},
    {"closes", TEXT, REQUIRED, 5, 5},
    {0},
};

static const struct field holiday_fields[] = {
    {"day", DAY, REQUIRED},
    {"name", TEXT},
    {0},
};

const struct field business_hours_fields[] = {
    {"hours", LIST, REQUIRED, 1, 50, hour_fields},
    {"holidays", LIST, OPTIONAL, 0, 400, holiday_fields},
    {0},
};

static void check_hours(struct work *w, const json_t *hours)
{
    const json_t *h;
    size_t i;

    json_array_foreach(hours, i, h)
    {
        int opens = calendar_minutes(json_string_value(json_object_get(h, "opens")));
        int closes = calendar_minutes(json_string_value(json_object_get(h, "closes")));

        if (opens < 0)
            fault_at(w, textf(w, "/hours/%zu/opens", i), "calendar.time",
                     "The time of day must have the format 09:30.");
        if (closes < 0)
            fault_at(w, textf(w, "/hours/%zu/closes", i), "calendar.time",
                     "The time of day must have the format 18:00.");
        if (opens >= 0 && closes >= 0 && closes <= opens)
            fault_at(w, textf(w, "/hours/%zu/closes", i), "calendar.order",
                     "closes must be after opens; give hours past midnight as two entries.");
    }
}

int business_hours_put(struct work *w)
{
    const char *unused;

    check_hours(w, in_get(w, "hours"));
    TRY(failed_if_any(w, "calendar.invalid", "The business hours are invalid: errors[] names every fault."));
    TRY(flow_lock(w, "business_hours", "shop", &unused));
    TRY(q_calendar_replace(w, in_json(w, "hours"), in_json(w, "holidays")));
    TRY(announce(w, event_type(w, "business_hours.changed"), "business_hours", "shop"));
    return reply_resource(w, "business-hours", "shop");
}
