#include "data_quality.h"

#include "calendar.h"
#include "data_quality_queries.h"
#include "report.h"

int quality_get(struct work *w)
{
    const char *doc;

    TRY(check_window(w, TEN_YEARS_DAYS));
    TRY(q_quality(w, in_str(w, "from"), in_str(w, "to"), calendar_zone(), &doc));
    return reply_figures(w, doc);
}
