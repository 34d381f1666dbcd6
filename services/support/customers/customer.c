#include "customer.h"

#include <string.h>

#include "config.h"
#include "customer_queries.h"
#include "outbox.h"

const char *customer_level(int64_t orders, int64_t spent, const struct level_rule *rule)
{
    if (orders >= rule->vip_orders || spent >= rule->vip_spent)
        return "vip";
    return orders >= 2 ? "repeat" : "new";
}

int customer_meet(struct work *w, const char *ref, const char **id)
{
    struct customer_meet_row customer;

    TRY(q_customer_meet(w, ref, &customer));
    *id = customer.id;
    return customer.fresh ? announce_new(w, "support.customer.met", "customer", *id) : OK;
}

/* --- learning from orders ---------------------------------------------------------------------------------------- */

/* Those whose level is another one now: announced, and served accordingly. */
static int rank(struct work *w, const struct customers_count_row *rows, size_t n)
{
    struct level_rule rule = {config_int("CUSTOMER_VIP_ORDERS", 10),
                              config_int("CUSTOMER_VIP_SPENT", 100000)};
    struct text levels = text_new(w->arena), ids = sql_list(w);

    for (size_t i = 0; i < n; i++) {
        const char *level = customer_level(rows[i].orders, rows[i].kept, &rule);

        if (strcmp(level, rows[i].level) == 0)
            continue;
        text_addf(&levels, "%s{\"id\":\"%s\",\"level\":\"%s\"}", levels.length ? "," : "[", rows[i].id,
                  level);
        sql_list_add(&ids, rows[i].id);
    }
    if (sql_list_empty(&ids))
        return OK;
    text_add(&levels, "]");
    TRY(q_customers_rank(w, levels.bytes));
    return announce_all(w, "support.customer.level_changed", "customer", sql_list_end(&ids));
}

/* An order of thirty lines is a large text, of which this is wanted. */
static json_t *slim(const json_t *e)
{
    static const char *const wanted[] = {"id",       "number", "channel", "customer_ref", "status",
                                         "currency", "total",  "paid",    "refunded",     "placed_at"};
    const json_t *all = json_object_get(e, "data");
    json_t *order = json_object();

    for (size_t i = 0; i < COUNT(wanted); i++)
        json_object_set(order, wanted[i], json_object_get(all, wanted[i]));
    json_object_set(order, "customer", json_object_get(json_object_get(e, "private"), "customer"));
    return order;
}

static json_int_t version_of(const json_t *e)
{
    return json_integer_value(json_object_get(e, "version"));
}

/* The last event of each order: by its id, as the events came. */
static json_t *last_news(struct work *w)
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

/* What the statements read of it, and whose orders they are. */
static const char *slim_news(struct work *w, struct text *refs)
{
    json_t *list = json_owned(w, json_array());
    json_t *seen = json_owned(w, json_object()), *e;
    json_t *last = last_news(w);
    const char *id;

    json_object_foreach(last, id, e)
    {
        const char *ref = json_text_in(json_object_get(e, "data"), "customer_ref");

        json_array_append_new(list, slim(e));
        if (!ref || !*ref || json_object_get(seen, ref))
            continue;
        json_object_set_new(seen, ref, json_true());
        sql_list_add(refs, ref);
    }
    return json_text(w, list);
}

/* Whatever happened to an order, its last event tells all there is to know. Customers are locked before they are
 * counted, in one order everywhere: two instances may hear of the same customer at once. */
int support_on_orders_order(struct work *w)
{
    struct text list = sql_list(w);
    const char *orders = slim_news(w, &list), *refs = sql_list_end(&list);
    struct customers_count_row *rows;
    struct customers_meet_row met;
    struct orders_learn_row learnt;
    size_t n;

    TRY(q_customers_meet(w, refs, &met));
    TRY(announce_new(w, "support.customer.met", "customer", met.ids));
    TRY(q_customers_lock(w, refs));
    TRY(q_orders_learn(w, orders, &learnt));
    if (strcmp(learnt.customers, "{}") == 0)
        return OK;
    TRY(q_customers_count(w, learnt.customers, config_text("SHOP_CURRENCY", "GBP"), &rows, &n));
    return rank(w, rows, n);
}
