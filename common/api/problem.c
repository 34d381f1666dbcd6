#include "problem.h"

#include <string.h>

#include "request.h"
#include "response.h"
#include "row.h"
#include "work.h"

/* Problem types change with a release only, so the response may be cached. */
static const char kept[] = "public, max-age=3600";

static const char *described(struct work *w, const struct problem *p)
{
    return textf(w,
                 "{\"type\":\"/problems/%s\",\"code\":\"%s\",\"title\":\"%s\",\"status\":%d,\"details\":%s}",
                 p->code, p->code, status_title(p->status), p->status, p->details);
}

int problem_list(struct work *w)
{
    struct text t = text_new(w->arena);

    text_add(&t, "{\"data\":[");
    for (const struct problem *p = problems; p->code; p++) {
        text_add(&t, p == problems ? "" : ",");
        text_add(&t, described(w, p));
    }
    text_add(&t, "]}");
    w->request->cache = kept;
    return reply(w, t.bytes);
}

int problem_get(struct work *w)
{
    const struct problem *p = row_by(problems, code, path_var(w, "code"));

    if (!p)
        return fail(w, NOT_FOUND, "problem.unknown",
                    "This problem type does not exist. GET /problems lists the types.");
    w->request->cache = kept;
    return reply(w, described(w, p));
}
