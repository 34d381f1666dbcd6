#include "order_import.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "config.h"
#include "deadline.h"
#include "import.h"
#include "intake.h"
#include "intake_queries.h"
#include "order.h"
#include "order_import_queries.h"
#include "outbox.h"

enum { DAY_SECONDS = 86400, HOURS_2 = 7200 };

/* What is told of the good ones, gathered order by order. */
struct gathered {
    struct text orders;                   /* as import_orders_insert takes them */
    struct text ids, paid_ids, ready_ids; /* PostgreSQL arrays that grow: "{a,b" */
    struct text pay_by, confirm_by;       /* deadlines as JSON lists */
    char pay_due[32], confirm_due[32];
    json_t *seen; /* channel and reference to the digest of an order of this batch */
};

/* --- checking ---------------------------------------------------------------------------------------------------- */

/* The look's rows of one order, as an order that comes alone has them. */
static struct intake_look_row *rows_of(struct work *w, const struct import_orders_look_row *rows, size_t n)
{
    struct intake_look_row *own = arena_alloc(w->arena, n * sizeof *own);

    for (size_t i = 0; i < n; i++) {
        own[i].known = rows[i].known;
        own[i].sellable = rows[i].sellable;
        own[i].stocked = rows[i].stocked;
        own[i].price = rows[i].price;
        own[i].currency = rows[i].currency;
        own[i].title = rows[i].title;
        own[i].kind = rows[i].kind;
        own[i].early = rows[i].early;
    }
    return own;
}

/* The same order again is no fault; another one under its reference is. */
static bool came_before(struct work *w, struct batch *b, size_t i, const char *kept)
{
    if (!kept)
        return false;
    if (strcmp(kept, intake_digest(w)) == 0) {
        batch_known(b, i);
        return true;
    }
    fault_at(w, "/channel_ref", "order.channel_ref_reused",
             "The channel has another order with this channel_ref already, and it says something else.");
    return false;
}

static void check_history(struct work *w, struct intake *in)
{
    in->history = in_has(w, "status");
    if (!in->history)
        return;
    if (!in_has(w, "placed_at"))
        fault_at(w, "/placed_at", "order.history_time",
                 "An order that is over needs the time it was placed at.");
    if (in_has(w, "payment") && !w->error_count && in->paid != in->gross)
        fault_at(w, "/payment/amount", "order.history_unpaid",
                 "An order that is over is paid in full: %" PRId64 ".", in->gross);
    in->paid = in->gross;
}

/* --- gathering ----------------------------------------------------------------------------------------------------- */

static void add_member(struct text *t, const char *name, const char *value)
{
    text_addf(t, ",\"%s\":", name);
    text_add_json(t, value);
}

static const char *member(struct work *w, const char *object, const char *name)
{
    return json_string_value(json_object_get(in_get(w, object), name));
}

static void add_order(struct work *w, struct text *t, const struct intake *in)
{
    const char *method = member(w, "payment", "method"), *reference = member(w, "payment", "reference");

    text_addf(t, "%s{\"id\":\"%s\",\"stocked\":%" PRId64 ",\"gross\":%" PRId64 ",\"paid\":%" PRId64,
              t->length > 1 ? "," : "", in->id, in->stocked_units, in->gross, in->paid);
    text_addf(t, ",\"allow_partial\":%s,\"history\":%s,\"personal\":%s,\"lines\":%s",
              in_bool(w, "allow_partial") ? "true" : "false", in->history ? "true" : "false",
              intake_personal(w), in->lines.bytes);
    add_member(t, "channel", in_str(w, "channel"));
    add_member(t, "channel_ref", in_str(w, "channel_ref"));
    add_member(t, "intake", intake_digest(w));
    add_member(t, "currency", in_str(w, "currency"));
    add_member(t, "customer_ref", member(w, "customer", "ref"));
    add_member(t, "country", member(w, "ship_to", "country"));
    add_member(t, "flags", intake_flags(w, in->flags));
    add_member(t, "placed_at", in_str(w, "placed_at"));
    add_member(t, "method", method ? method : "history");
    add_member(t, "reference", reference ? reference : in_str(w, "channel_ref"));
    text_add(t, "}");
}

static void add_id(struct text *ids, const char *id)
{
    text_addf(ids, "%s%s", ids->length > 1 ? "," : "", id);
}

static void add_deadline(struct text *rows, const char *id, const char *due_at)
{
    text_addf(rows, "%s{\"id\":\"%s\",\"due_at\":\"%s\"}", rows->length > 1 ? "," : "", id, due_at);
}

static void gather(struct work *w, struct gathered *g, const struct intake *in)
{
    add_order(w, &g->orders, in);
    add_id(&g->ids, in->id);
    if (in->history)
        return;
    if (in->paid)
        add_id(&g->paid_ids, in->id);
    if (in->paid < in->gross)
        add_deadline(&g->pay_by, in->id, g->pay_due);
    add_deadline(&g->confirm_by, in->id, g->confirm_due);
    if (!in->stocked_units)
        add_id(&g->ready_ids, in->id);
}

/* One row of the batch, which is the work's input meanwhile. */
static void take_row(struct work *w, struct batch *b, size_t i, const struct import_orders_look_row *rows,
                     size_t n, struct gathered *g)
{
    const char *key = textf(w, "%s\n%s", in_str(w, "channel"), in_str(w, "channel_ref"));
    const char *kept = rows->order_id ? rows->intake : json_string_value(json_object_get(g->seen, key));
    struct intake in = {.id = new_id(w), .rows = rows_of(w, rows, n), .n = n, .history = in_has(w, "status")};

    if (came_before(w, b, i, kept))
        return;
    intake_check(w, &in);
    check_history(w, &in);
    batch_refuse(w, b, i);
    if (!batch_good(b, i))
        return;
    json_object_set_new(g->seen, key, json_string(intake_digest(w)));
    gather(w, g, &in);
}

/* --- the handler --------------------------------------------------------------------------------------------------- */

static struct text begun(struct work *w, const char *with)
{
    struct text t = text_new(w->arena);

    text_add(&t, with);
    return t;
}

static void from_now(char *into, size_t room, long seconds)
{
    time_t at = time(NULL) + seconds;
    struct tm tm;

    strftime(into, room, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
}

static void start(struct work *w, struct gathered *g)
{
    *g = (struct gathered){.orders = begun(w, "["),
                           .ids = begun(w, "{"),
                           .paid_ids = begun(w, "{"),
                           .ready_ids = begun(w, "{"),
                           .pay_by = begun(w, "["),
                           .confirm_by = begun(w, "[")};
    g->seen = json_owned(w, json_object());
    from_now(g->pay_due, sizeof g->pay_due, config_int("ORDER_PAY_SECONDS", DAY_SECONDS));
    from_now(g->confirm_due, sizeof g->confirm_due, config_int("ORDER_CONFIRM_SECONDS", HOURS_2));
}

static int write_orders(struct work *w, struct gathered *g)
{
    if (g->ids.length == 1)
        return OK;
    text_add(&g->orders, "]");
    text_add(&g->ids, "}");
    text_add(&g->paid_ids, "}");
    text_add(&g->ready_ids, "}");
    text_add(&g->pay_by, "]");
    text_add(&g->confirm_by, "]");
    TRY(q_import_orders_insert(w, g->orders.bytes, w->actor));
    TRY(announce_new(w, "orders.order.placed", "order", g->ids.bytes));
    TRY(announce_all(w, "orders.order.paid", "order", g->paid_ids.bytes));
    if (g->pay_by.length > 2)
        TRY(deadline_at_all(w, "pay_by", g->pay_by.bytes));
    if (g->confirm_by.length > 2)
        TRY(deadline_at_all(w, "confirm_by", g->confirm_by.bytes));
    return g->ready_ids.length > 2 ? order_confirm_ready(w, g->ready_ids.bytes) : OK;
}

int orders_import(struct work *w, struct batch *b)
{
    struct import_orders_look_row *rows;
    struct gathered g;
    size_t n, end;

    start(w, &g);
    TRY(q_import_orders_look(w, batch_json(w, b), &rows, &n));
    for (size_t begin = 0; begin < n; begin = end) {
        size_t i = (size_t)rows[begin].i;

        for (end = begin; end < n && rows[end].i == rows[begin].i;)
            end++;
        w->in = (json_t *)(uintptr_t)batch_row(b, i);
        take_row(w, b, i, &rows[begin], end - begin, &g);
    }
    w->in = NULL;
    return write_orders(w, &g);
}
