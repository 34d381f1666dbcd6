#include "caller.h"

#include "answer.h"
#include "auth.h"
#include "clock.h"
#include "limit.h"
#include "metrics.h"
#include "request.h"
#include "work.h"

static int too_many(struct work *w, enum limit kind, const char *code, const char *detail)
{
    struct allowance a = limit_state(kind, w->request->address, clock_ms());

    metrics_add(CALLS_LIMITED, 1);
    answer_header(w, "Retry-After", textf(w, "%d", a.next));
    return refuse(w, 429, code, "%s", detail);
}

/* draft-ietf-httpapi-ratelimit-headers-10 */
static void tell_allowance(struct work *w)
{
    struct allowance a = limit_state(PUBLIC_CALLS, w->request->address, clock_ms());

    answer_header(w, "RateLimit-Policy", textf(w, "\"public\";q=%d;w=%d", a.quota, a.window));
    answer_header(w, "RateLimit", textf(w, "\"public\";r=%d;t=%d", a.left, a.reset));
}

/* Whoever guessed too often is not told any more whether he is right. */
static int public_call(struct work *w)
{
    bool taken = limit_take(PUBLIC_CALLS, w->request->address, clock_ms());

    tell_allowance(w);
    if (!taken)
        return too_many(w, PUBLIC_CALLS, "rate.too_many", "Your address calls too often. Try again later.");
    if (!limit_allows(WRONG_LINKS, w->request->address, clock_ms()))
        return too_many(w, WRONG_LINKS, "rate.wrong_links",
                        "Too many links that lead nowhere came from your address. Try again later.");
    return OK;
}

int caller_check(struct work *w)
{
    const char *scope = w->request->route->row.scope, *why;

    w->who = auth_check(w, header(w->request, "Authorization"), &why);
    if (!scope)
        return w->who ? OK : public_call(w);
    if (why == auth_too_many)
        return too_many(w, BAD_TOKENS, "auth.too_many", why);
    if (!w->who) {
        answer_header(w, "WWW-Authenticate", "Bearer");
        return refuse(w, 401, "auth.required", "%s",
                      why ? why : "This needs a token: send 'Authorization: Bearer <token>'.");
    }
    w->actor = auth_subject(w->who);
    if (auth_may(w->who, scope))
        return OK;
    return fail(w, FORBIDDEN, "auth.scope", "Your roles do not grant %s.", *scope ? scope : "anything here");
}

void caller_found(struct work *w)
{
    if (w->fault == NOT_FOUND && !w->who && !w->request->route->row.scope)
        limit_spend(WRONG_LINKS, w->request->address, clock_ms());
}
