#include "silence_timer.h"

#include "config.h"
#include "deadline.h"

enum { TWO_DAYS = 172800 };

int silence_timer_restart(struct work *w, const char *shipment)
{
    return deadline_set(w, "parcel_silent", shipment, config_int("TRACKING_SILENCE_SECONDS", TWO_DAYS));
}
