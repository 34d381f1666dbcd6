#include "erase.h"

#include <string.h>

#include "erase_queries.h"
#include "work.h"

int erase(struct work *w, const char *aggregate, const char *ids, const char *members)
{
    if (!ids || strcmp(ids, "{}") == 0)
        return OK;
    TRY(q_events_erase(w, aggregate, ids));
    TRY(q_dead_letters_erase(w, ids));
    return q_responses_erase(w, ids, members);
}
