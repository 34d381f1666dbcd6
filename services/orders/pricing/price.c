#include "price.h"

#include <string.h>

#include "consume.h"
#include "field.h"
#include "order_events_queries.h"
#include "outbox.h"
#include "resource.h"

int prices_heard(struct work *w)
{
    return q_prices_learn(w, event_batch(w, NULL));
}

/* Saying what is so already changes nothing. */
int channel_set(struct work *w)
{
    const char *name = path_var(w, "name");
    int64_t changed;

    if (strlen(name) > 64 || !field_text_fits(CODE, name))
        return fail(w, INVALID, "channel.name",
                    "A channel's name is a code of 1 to 64 characters without spaces.");
    TRY(q_channel_set(w, name, in_str(w, "kind"), &changed));
    if (changed)
        TRY(announce(w, "orders.channel.set", "channel", name));
    return reply_resource(w, "channels", name);
}
