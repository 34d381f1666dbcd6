#include "parcels.h"

#include "calendar.h"
#include "parcels_queries.h"
#include "report.h"

int shipments_apply(struct work *w, const json_t *events, const char *zone)
{
    const char *shipped = events_of(w, events, "fulfillment.shipment.shipped");
    const char *delivered = events_of(w, events, "fulfillment.shipment.delivered");

    if (shipped)
        TRY(q_parcels_shipped(w, shipped, zone));
    if (delivered)
        TRY(q_parcels_delivered(w, delivered, zone));
    return OK;
}

int analytics_on_fulfillment_shipment(struct work *w)
{
    return ingest(w, SHARED, shipments_apply);
}

int parcels_get(struct work *w)
{
    const char *doc;

    TRY(check_window(w, TEN_YEARS_DAYS));
    TRY(q_parcels(w, in_str_or(w, "by", "day"), in_str(w, "from"), in_str(w, "to"), calendar_zone(), &doc));
    return reply_figures(w, doc);
}
