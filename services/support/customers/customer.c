#include "customer.h"

#include <string.h>

#include "config.h"
#include "customer_queries.h"
#include "json_out.h"
#include "outbox.h"

const char *customer_level(int64_t orders, int64_t spent, const struct level_rule *rule)
{
    if (orders >= rule->vip_orders || spent >= rule->vip_spent)
        return "vip";
    return orders >= 2 ? "repeat" : "new";
}

int customer_find_or_create(struct work *w, const char *ref, const char **id)
{
    struct customer_find_or_create_row customer;

    TRY(q_customer_find_or_create(w, ref, &customer));
    *id = customer.id;
    return customer.fresh ? announce_new(w, "support.customer.created", "customer", *id) : OK;
}

/* --- from orders ------------------------------------------------------------------------------------- */

/* Set and announce the levels that have changed. */
static int rank(struct work *w, const struct customers_count_row *rows, size_t n)
{
    struct level_rule rule = {config_int("CUSTOMER_VIP_ORDERS", 10),
                              config_int("CUSTOMER_VIP_SPENT", 100000)};
    struct text levels = text_new(w->arena), ids = sql_list(w);

    json_begin_list(&levels, NULL);
    for (size_t i = 0; i < n; i++) {
        const char *level = customer_level(rows[i].orders, rows[i].kept, &rule);

        if (strcmp(level, rows[i].level) == 0)
            continue;
        json_begin_object(&levels, NULL);
        json_add_text(&levels, "id", rows[i].id);
        json_add_text(&levels, "level", level);
        json_end_object(&levels);
        sql_list_add(&ids, rows[i].id);
    }
    json_end_list(&levels);
    if (sql_list_empty(&ids))
        return OK;
    TRY(q_customers_rank(w, levels.bytes));
    return announce_all(w, "support.customer.level_changed", "customer", sql_list_end(&ids));
}

/* The members that are needed: an order with its lines is a large text. */
static json_t *needed_of(const json_t *e)
{
    static const char *const members[] = {"id",       "number", "channel", "customer_ref", "status",
                                          "currency", "total",  "paid",    "refunded",     "placed_at"};
    const json_t *all = json_object_get(e, "data");
    json_t *order = json_object();

    for (size_t i = 0; i < COUNT(members); i++)
        json_object_set(order, members[i], json_object_get(all, members[i]));
    json_object_set(order, "customer", json_object_get(json_object_get(e, "private"), "customer"));
    return order;
}

static json_int_t version_of(const json_t *e)
{
    return json_integer_value(json_object_get(e, "version"));
}

/* The last event of each order, by the order's id. */
static json_t *last_events(struct work *w)
{
    json_t *last = json_owned(w, json_object()), *e;
    size_t i;

    json_array_foreach(w->in, i, e)
    {
        const char *id = json_text_in(e, "aggregate_id");
        const json_t *known = json_object_get(last, id);

        if (!known || version_of(known) < version_of(e))
            json_object_set(last, id, e);
    }
    return last;
}

/* The orders as the statements need them, and the references of their customers. */
static const char *orders_of(struct work *w, struct text *refs)
{
    json_t *list = json_owned(w, json_array());
    json_t *seen = json_owned(w, json_object()), *e;
    json_t *last = last_events(w);
    const char *id;

    json_object_foreach(last, id, e)
    {
        const char *ref = json_text_in(json_object_get(e, "data"), "customer_ref");

        json_array_append_new(list, needed_of(e));
        if (!ref || !*ref || json_object_get(seen, ref))
            continue;
        json_object_set_new(seen, ref, json_true());
        sql_list_add(refs, ref);
    }
    return json_text(w, list);
}

/* The last event of an order has its whole state. Customers are locked before they are counted, always in the
 * order of their ids, because two instances may receive events of the same customer at once. */
int support_on_orders_order(struct work *w)
{
    struct text list = sql_list(w);
    const char *orders = orders_of(w, &list), *refs = sql_list_end(&list);
    struct customers_count_row *rows;
    struct customers_create_row created;
    struct customer_orders_put_row changed;
    size_t n;

    TRY(q_customers_create(w, refs, &created));
    TRY(announce_new(w, "support.customer.created", "customer", created.ids));
    TRY(q_customers_lock(w, refs));
    TRY(q_customer_orders_put(w, orders, &changed));
    if (strcmp(changed.customers, "{}") == 0)
        return OK;
    TRY(q_customers_count(w, changed.customers, config_text("SHOP_CURRENCY", "GBP"), &rows, &n));
    return rank(w, rows, n);
}
