#include "service_stats.h"

#include "service_stats_queries.h"

int shipments_apply(struct work *w, const json_t *news, const char *zone)
{
    const char *shipped = news_of(w, news, "fulfillment.shipment.shipped");
    const char *delivered = news_of(w, news, "fulfillment.shipment.delivered");

    if (shipped)
        TRY(q_parcels_shipped(w, shipped, zone));
    if (delivered)
        TRY(q_parcels_delivered(w, delivered, zone));
    return OK;
}

int tickets_apply(struct work *w, const json_t *news, const char *zone)
{
    const char *moved = news_of(w, news, "support.ticket.");

    (void)zone;
    return moved ? q_tickets_moved(w, moved) : OK;
}

int surveys_apply(struct work *w, const json_t *news, const char *zone)
{
    const char *moved = news_of(w, news, "support.survey.");

    (void)zone;
    return moved ? q_surveys_moved(w, moved) : OK;
}

int on_shipments(struct work *w)
{
    return intake(w, TOGETHER, shipments_apply);
}

int on_tickets(struct work *w)
{
    return intake(w, TOGETHER, tickets_apply);
}

int on_surveys(struct work *w)
{
    return intake(w, TOGETHER, surveys_apply);
}
