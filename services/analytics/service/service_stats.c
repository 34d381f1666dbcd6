#include "service_stats.h"

#include "calendar.h"
#include "report.h"
#include "service_stats_queries.h"

int tickets_apply(struct work *w, const json_t *events, const char *zone)
{
    const char *tickets = events_of(w, events, "support.ticket.");

    (void)zone;
    return tickets ? q_tickets_moved(w, tickets) : OK;
}

int surveys_apply(struct work *w, const json_t *events, const char *zone)
{
    const char *surveys = events_of(w, events, "support.survey.");

    (void)zone;
    return surveys ? q_surveys_moved(w, surveys) : OK;
}

int analytics_on_support_ticket(struct work *w)
{
    return ingest(w, SHARED, tickets_apply);
}

int analytics_on_support_survey(struct work *w)
{
    return ingest(w, SHARED, surveys_apply);
}

int service_get(struct work *w)
{
    const char *doc;

    TRY(check_window(w, YEAR_DAYS));
    TRY(q_service_figures(w, in_str(w, "from"), in_str(w, "to"), calendar_zone(), &doc));
    return reply_figures(w, doc);
}
