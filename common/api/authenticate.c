#include "authenticate.h"

#include "clock.h"
#include "metrics.h"
#include "principal.h"
#include "rate_limit.h"
#include "request.h"
#include "response.h"
#include "token.h"
#include "work.h"

static int too_many(struct work *w, enum rate_limit kind, const char *code, const char *detail)
{
    struct quota a = rate_limit_quota(kind, w->request->address, clock_ms());

    metrics_add(CALLS_LIMITED, 1);
    response_header(w, "Retry-After", textf(w, "%d", a.next));
    return http_error(w, 429, code, "%s", detail);
}

/* draft-ietf-httpapi-ratelimit-headers-10 */
static void add_quota_headers(struct work *w)
{
    struct quota a = rate_limit_quota(PUBLIC_CALLS, w->request->address, clock_ms());

    response_header(w, "RateLimit-Policy", textf(w, "\"public\";q=%d;w=%d", a.quota, a.window));
    response_header(w, "RateLimit", textf(w, "\"public\";r=%d;t=%d", a.left, a.reset));
}

/* After too many wrong guesses a right one is not confirmed either. */
static int public_call(struct work *w)
{
    bool taken = rate_limit_take(PUBLIC_CALLS, w->request->address, clock_ms());

    add_quota_headers(w);
    if (!taken)
        return too_many(w, PUBLIC_CALLS, "rate.too_many",
                        "Too many requests came from your address. Try again later.");
    if (!rate_limit_allows(WRONG_LINKS, w->request->address, clock_ms()))
        return too_many(
            w, WRONG_LINKS, "rate.wrong_links",
            "Too many requests for links that do not exist came from your address. Try again later.");
    return OK;
}

int authenticate(struct work *w)
{
    const char *why;

    w->who = token_check(w, header(w->request, "Authorization"), &why);
    if (!w->request->route->row.scope)
        return w->who ? OK : public_call(w);
    if (why == token_too_many)
        return too_many(w, BAD_TOKENS, "auth.too_many", why);
    if (!w->who) {
        response_header(w, "WWW-Authenticate", "Bearer");
        return http_error(w, 401, "auth.required", "%s",
                          why ? why : "A token is required: send 'Authorization: Bearer <token>'.");
    }
    w->actor = principal_subject(w->who);
    return OK;
}

int authorise(struct work *w)
{
    const char *scope = w->request->route->row.scope;

    if (principal_may(w->who, scope))
        return OK;
    return fail(w, FORBIDDEN, "auth.scope", "Your roles do not grant %s.", *scope ? scope : "access here");
}

void count_wrong_link(struct work *w)
{
    if (w->fault == NOT_FOUND && !w->who && !w->request->route->row.scope)
        rate_limit_spend(WRONG_LINKS, w->request->address, clock_ms());
}
