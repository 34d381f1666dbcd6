#include "erase.h"

#include <string.h>

#include "erase_queries.h"
#include "work.h"

int erase(struct work *w, const char *aggregate, const char *ids, const char *members)
{
    if (!ids || strcmp(ids, "{}") == 0)
        return OK;
    TRY(q_events_forget(w, aggregate, ids));
    TRY(q_dead_letters_forget(w, ids));
    return q_answers_forget(w, ids, members);
}
