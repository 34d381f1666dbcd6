#include "shipment_events.h"

#include "consume.h"
#include "survey.h"
#include "task.h"

int on_shipments(struct work *w)
{
    TRY(task_follow_up(w, event_batch(w, "fulfillment.shipment.shipped")));
    return survey_send(w, event_batch(w, "fulfillment.shipment.delivered"));
}
