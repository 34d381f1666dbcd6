#include "order_import.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "config.h"
#include "deadline.h"
#include "import.h"
#include "intake.h"
#include "intake_queries.h"
#include "json_out.h"
#include "order.h"
#include "order_import_queries.h"
#include "outbox.h"

enum { DAY_SECONDS = 86400, HOURS_2 = 7200 };

/* What is written of the good orders, gathered order by order. */
struct gathered {
    struct text orders;                   /* as import_orders_insert takes them */
    struct text ids, paid_ids, ready_ids; /* PostgreSQL arrays */
    struct text pay_by, confirm_by;       /* deadlines as JSON lists */
    size_t pay_count, confirm_count;
    char pay_due[32], confirm_due[32];
    json_t *seen; /* channel and reference to the digest of an order of this batch */
};

/* --- checking ---------------------------------------------------------------------------------------- */

/* The rows of one order, as intake_look() has them. */
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

/* The same order again is no fault; another order under its reference is one. */
static bool is_duplicate(struct work *w, struct batch *b, size_t i, const char *kept)
{
    if (!kept)
        return false;
    if (strcmp(kept, intake_digest(w)) == 0) {
        batch_known(b, i);
        return true;
    }
    fault_at(w, "/channel_ref", "order.channel_ref_reused",
             "The channel has an order with this channel_ref already, and its contents differ.");
    return false;
}

static void check_history(struct work *w, struct intake *in)
{
    in->history = in_has(w, "status");
    if (!in->history)
        return;
    if (!in_has(w, "placed_at"))
        fault_at(w, "/placed_at", "order.history_time", "placed_at is required for a delivered order.");
    if (in_has(w, "payment") && !w->error_count && in->paid != in->gross)
        fault_at(w, "/payment/amount", "order.history_unpaid",
                 "A delivered order must be paid in full: %" PRId64 ".", in->gross);
    in->paid = in->gross;
}

/* --- gathering --------------------------------------------------------------------------------------- */

static const char *member(struct work *w, const char *object, const char *name)
{
    return json_string_value(json_object_get(in_get(w, object), name));
}

static void add_order(struct work *w, struct text *out, const struct intake *in)
{
    const char *method = member(w, "payment", "method"), *reference = member(w, "payment", "reference");

    json_begin_object(out, NULL);
    json_add_text(out, "id", in->id);
    json_add_int(out, "stocked", in->stocked_units);
    json_add_int(out, "gross", in->gross);
    json_add_int(out, "paid", in->paid);
    json_add_bool(out, "allow_partial", in_bool(w, "allow_partial"));
    json_add_bool(out, "history", in->history);
    json_add_json(out, "personal", intake_personal(w));
    json_add_json(out, "lines", in->lines.bytes);
    json_add_text(out, "channel", in_str(w, "channel"));
    json_add_text(out, "channel_ref", in_str(w, "channel_ref"));
    json_add_text(out, "digest", intake_digest(w));
    json_add_text(out, "currency", in_str(w, "currency"));
    json_add_text(out, "customer_ref", member(w, "customer", "ref"));
    json_add_text(out, "country", member(w, "ship_to", "country"));
    json_add_text(out, "flags", intake_flags(w, in->flags));
    json_add_text(out, "placed_at", in_str(w, "placed_at"));
    json_add_text(out, "method", method ? method : "history");
    json_add_text(out, "reference", reference ? reference : in_str(w, "channel_ref"));
    json_end_object(out);
}

static void add_deadline(struct text *rows, size_t *n, const char *id, const char *due_at)
{
    json_begin_object(rows, NULL);
    json_add_text(rows, "id", id);
    json_add_text(rows, "due_at", due_at);
    json_end_object(rows);
    (*n)++;
}

static void gather(struct work *w, struct gathered *g, const struct intake *in)
{
    add_order(w, &g->orders, in);
    sql_list_add(&g->ids, in->id);
    if (in->history)
        return;
    if (in->paid)
        sql_list_add(&g->paid_ids, in->id);
    if (in->paid < in->gross)
        add_deadline(&g->pay_by, &g->pay_count, in->id, g->pay_due);
    add_deadline(&g->confirm_by, &g->confirm_count, in->id, g->confirm_due);
    if (!in->stocked_units)
        sql_list_add(&g->ready_ids, in->id);
}

/* One row of the batch, which is the input of the work meanwhile. */
static void take_row(struct work *w, struct batch *b, size_t i, const struct import_orders_look_row *rows,
                     size_t n, struct gathered *g)
{
    const char *key = textf(w, "%s\n%s", in_str(w, "channel"), in_str(w, "channel_ref"));
    const char *kept = rows->order_id ? rows->digest : json_string_value(json_object_get(g->seen, key));
    struct intake in = {.id = new_id(w), .rows = rows_of(w, rows, n), .n = n, .history = in_has(w, "status")};

    if (is_duplicate(w, b, i, kept))
        return;
    intake_check(w, &in);
    check_history(w, &in);
    batch_refuse(w, b, i);
    if (!batch_good(b, i))
        return;
    json_object_set_new(g->seen, key, json_string(intake_digest(w)));
    gather(w, g, &in);
}

/* --- the handler ------------------------------------------------------------------------------------- */

static struct text new_list(struct work *w)
{
    struct text t = text_new(w->arena);

    json_begin_list(&t, NULL);
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
    *g = (struct gathered){.orders = new_list(w),
                           .ids = sql_list(w),
                           .paid_ids = sql_list(w),
                           .ready_ids = sql_list(w),
                           .pay_by = new_list(w),
                           .confirm_by = new_list(w)};
    g->seen = json_owned(w, json_object());
    from_now(g->pay_due, sizeof g->pay_due, config_int("ORDER_PAY_SECONDS", DAY_SECONDS));
    from_now(g->confirm_due, sizeof g->confirm_due, config_int("ORDER_CONFIRM_SECONDS", HOURS_2));
}

static int set_deadlines(struct work *w, struct gathered *g)
{
    json_end_list(&g->pay_by);
    json_end_list(&g->confirm_by);
    if (g->pay_count)
        TRY(deadline_at_all(w, "pay_by", g->pay_by.bytes));
    return g->confirm_count ? deadline_at_all(w, "confirm_by", g->confirm_by.bytes) : OK;
}

static int write_orders(struct work *w, struct gathered *g)
{
    if (sql_list_empty(&g->ids))
        return OK;
    json_end_list(&g->orders);
    TRY(q_import_orders_insert(w, g->orders.bytes, w->actor));
    TRY(announce_new(w, "orders.order.placed", "order", sql_list_end(&g->ids)));
    TRY(announce_all(w, "orders.order.paid", "order", sql_list_end(&g->paid_ids)));
    TRY(set_deadlines(w, g));
    return sql_list_empty(&g->ready_ids) ? OK : order_confirm_ready(w, sql_list_end(&g->ready_ids));
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
