#include "stages.h"

#include "calendar.h"
#include "report.h"
#include "stages_queries.h"

int stages_get(struct work *w)
{
    const char *doc;

    TRY(check_window(w, YEAR_DAYS));
    TRY(q_stages(w, in_str(w, "from"), in_str(w, "to"), calendar_zone(), &doc));
    return reply_figures(w, doc);
}
