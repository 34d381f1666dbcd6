#include "shipment_events.h"

#include "consume.h"
#include "survey.h"
#include "task.h"

int support_on_fulfillment_shipment(struct work *w)
{
    TRY(task_follow_up(w, event_batch(w, "fulfillment.shipment.shipped")));
    return survey_send(w, event_batch(w, "fulfillment.shipment.delivered"));
}
