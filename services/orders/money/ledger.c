#include "ledger.h"

#include "calendar.h"
#include "json_out.h"
#include "ledger_queries.h"
#include "outbox.h"

enum { DAYS = 31 };

const struct field ledger_fields[] = {{"from", DAY}, {"to", DAY}, {0}};

/* Announced again even where nothing changed: a day is closed as of a moment, and what was counted by then is
 * compared. */
static int close_days(struct work *w, const char *from, const char *to, int64_t *n)
{
    struct ledger_close_row closed;

    TRY(q_ledger_close(w, from, to, calendar_zone(), &closed));
    *n = closed.n;
    return announce_all(w, "orders.ledger.closed", "ledger", closed.days);
}

int ledger_close_last(struct work *w)
{
    int64_t n;

    return close_days(w, NULL, NULL, &n);
}

static int check_window(struct work *w)
{
    struct ledger_window_row window;

    TRY(q_ledger_window(w, in_str(w, "from"), in_str(w, "to"), calendar_zone(), &window));
    if (window.days < 1)
        fault_at(w, "/to", "ledger.empty",
                 "to must be a later day than from: it is the first day that is not closed.");
    if (window.days > DAYS)
        fault_at(w, "/to", "ledger.too_long", "At most %d days can be closed at once.", DAYS);
    if (window.early)
        fault_at(w, "/to", "ledger.not_over", "Only finished days can be closed.");
    return failed_if_any(w, "ledger.invalid", "These days cannot be closed: errors[] names every fault.");
}

int ledger_close(struct work *w)
{
    struct text out = text_new(w->arena);
    int64_t n;

    TRY(check_window(w));
    TRY(close_days(w, in_str(w, "from"), in_str(w, "to"), &n));
    json_begin_object(&out, NULL);
    json_add_int(&out, "closed", n);
    json_end_object(&out);
    return reply(w, out.bytes);
}
