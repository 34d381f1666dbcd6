#include "channel.h"

#include <string.h>

#include "channel_queries.h"
#include "field.h"
#include "outbox.h"
#include "resource.h"
#include "work.h"

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
