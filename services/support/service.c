/* Support: customers, tickets, follow-up tasks, surveys. */
#include "service.h"

#include "business_hours.h"
#include "calendar.h"
#include "customer.h"
#include "roles.h"
#include "shipment_events.h"
#include "support_events.h"
#include "support_sql.h"
#include "survey.h"
#include "task.h"
#include "ticket.h"

/* --- what comes in ------------------------------------------------------------------------------------------- */

#define DEPARTMENTS "support|orders|warehouse|finance|merchandising|management"

static const struct field customer_fields[] = {
    {"ref", CODE}, {"name", TEXT}, {"phone", TEXT, OPTIONAL, 1, 40}, {"email", TEXT, OPTIONAL, 3, 200}, {0},
};

static const struct field ticket_fields[] = {
    {"subject", TEXT, REQUIRED},
    {"body", TEXT, REQUIRED, 1, 20000},
    {"channel", TEXT, .choices = "phone|chat|mail|platform|complaint|survey"},
    {"priority", TEXT, .choices = "low|normal|high|urgent"},
    {"order_id", UUID},
    {"customer", OBJECT, .fields = customer_fields},
    {0},
};

static const struct field agent_fields[] = {{"agent", CODE, REQUIRED}, {0}};
static const struct field answer_fields[] = {{"body", TEXT, REQUIRED, 1, 20000}, {"internal", BOOLEAN}, {0}};
static const struct field heard_fields[] = {{"body", TEXT, REQUIRED, 1, 20000}, {0}};
static const struct field solve_fields[] = {{"resolution", TEXT, REQUIRED, 1, 2000}, {0}};
static const struct field reason_fields[] = {{"reason", TEXT, REQUIRED, 1, 2000}, {0}};
static const struct field hand_over_fields[] = {
    {"department", TEXT, REQUIRED, .choices = DEPARTMENTS},
    {"reason", TEXT, REQUIRED, 1, 2000},
    {0},
};

static const struct field task_fields[] = {
    {"kind", CODE, REQUIRED},
    {"due_at", TIME, REQUIRED},
    {"order_id", UUID},
    {"shipment_id", UUID},
    {"owner", CODE},
    {"note", TEXT, OPTIONAL, 1, 2000},
    {0},
};

static const struct field owner_fields[] = {{"owner", CODE, REQUIRED}, {0}};
static const struct field outcome_fields[] = {{"outcome", TEXT, REQUIRED, 1, 2000}, {"again_at", TIME}, {0}};
static const struct field score_fields[] = {
    {"score", INTEGER, REQUIRED, 1, 5},
    {"comment", TEXT, OPTIONAL, 1, 2000},
    {0},
};

/* Of the others' events: what we need. */
static const struct field shipment_fields[] = {{"id", UUID, REQUIRED}, {"order_id", UUID, REQUIRED}, {0}};
static const struct field order_fields[] = {
    {"id", UUID, REQUIRED},
    {"status", TEXT, REQUIRED},
    {"currency", CURRENCY, REQUIRED},
    {"total", INTEGER, REQUIRED},
    {"paid", INTEGER},
    {"refunded", INTEGER},
    {"placed_at", TIME, REQUIRED},
    {0},
};

/* --- the table of contents ------------------------------------------------------------------------------------- */

static const struct route routes[] = {
    {"POST", "/v1/tickets", "tickets:write", ticket_fields, ticket_open, 201, "Open a ticket"},
    {"POST", "/v1/tickets/{id}/assign", "tickets:assign", agent_fields, ticket_assign, 200,
     "Give it to an agent"},
    {"POST", "/v1/tickets/{id}/take", "tickets:write", NULL, ticket_take, 200, "Take it oneself"},
    {"POST", "/v1/tickets/{id}/answer", "tickets:write", answer_fields, ticket_answer, 200,
     "Answer, or note something internal"},
    {"POST", "/v1/tickets/{id}/heard", "tickets:write", heard_fields, ticket_heard, 200,
     "Record what the customer says"},
    {"POST", "/v1/tickets/{id}/hand-over", "tickets:write", hand_over_fields, ticket_hand_over, 200,
     "Ask another department to take it"},
    {"POST", "/v1/tickets/{id}/accept", "tickets:write", NULL, ticket_accept, 200,
     "Accept what was handed over"},
    {"POST", "/v1/tickets/{id}/decline", "tickets:write", reason_fields, ticket_decline, 200,
     "Decline it, or take it back"},
    {"POST", "/v1/tickets/{id}/solve", "tickets:write", solve_fields, ticket_solve, 200, "Solve it"},
    {"POST", "/v1/tickets/{id}/reopen", "tickets:write", reason_fields, ticket_reopen, 200, "Open it again"},
    {"GET", "/v1/tickets/{id}/messages", "tickets:read", NULL, resource_list, 200, "The conversation"},
    {"POST", "/v1/tasks", "tasks:write", task_fields, task_create, 201, "Make a task by hand"},
    {"POST", "/v1/tasks/{id}/assign", "tasks:write", owner_fields, task_assign, 200, "Give it to somebody"},
    {"POST", "/v1/tasks/{id}/complete", "tasks:write", outcome_fields, task_complete, 200,
     "Done, with its outcome"},
    {"GET", "/v1/public/surveys/{token}", NULL, NULL, survey_show, 200,
     "What is asked, for whoever has the link"},
    {"POST", "/v1/public/surveys/{token}", NULL, score_fields, survey_answer, 201, "Answer it, once"},
    {"POST", "/v1/customers/{id}/erase", "customers:erase", NULL, customer_erase, 200,
     "Erase a customer's personal data"},
    {"PUT", "/v1/business-hours", "calendar:write", business_hours_fields, business_hours_put, 200,
     "When people work"},
    {0},
};

static const struct filter ticket_filters[] = {
    {"status", TEXT, "status = ?::text"},
    {"number", CODE, "number = ?::text"},
    {"channel", TEXT, "channel = ?::text"},
    {"priority", TEXT, "priority = ?::text"},
    {"department", TEXT, "department = ?::text"},
    {"owner", CODE, "owner = ?::text"},
    {"order_id", UUID, "order_id = ?::uuid"},
    {"customer_id", UUID, "id in (select tickets_of_customer(?::uuid))"},
    {"breached", BOOLEAN, "breached = ?::boolean"},
    {0},
};

static const struct filter message_filters[] = {
    {"id", UUID, "ticket_id = ?::uuid"}, {"kind", TEXT, "kind = ?::text"}, {0}};

static const struct filter task_filters[] = {
    {"status", TEXT, "status = ?::text"},
    {"kind", CODE, "kind = ?::text"},
    {"owner", CODE, "owner = ?::text"},
    {"order_id", UUID, "order_id = ?::uuid"},
    {"shipment_id", UUID, "shipment_id = ?::uuid"},
    {"overdue", BOOLEAN, "overdue = ?::boolean"},
    {"due_before", TIME, "due_at < ?::timestamptz"},
    {0},
};

static const struct filter survey_filters[] = {
    {"status", TEXT, "status = ?::text"},
    {"order_id", UUID, "order_id = ?::uuid"},
    {"shipment_id", UUID, "shipment_id = ?::uuid"},
    {"score", INTEGER, "score = ?::bigint"},
    {0},
};

static const struct filter customer_filters[] = {
    {"ref", CODE, "ref = ?::text"},
    {"level", TEXT, "level = ?::text"},
    {"orders_from", INTEGER, "orders >= ?::bigint"},
    {0},
};

static const struct resource resources[] = {
    {"tickets", "ticket", "ticket", "ticket_json", "tickets:read", "tickets:personal", NULL, ticket_filters,
     "created_at,first_answer_by", ticket_flow},
    {"messages", NULL, NULL, "message_json", "tickets:read", "tickets:personal", NULL, message_filters,
     "created_at"},
    {"tasks", "task", "task", "task_json", "tasks:read", "customers:personal", NULL, task_filters,
     "created_at,due_at", task_flow},
    {"surveys", "survey", "survey", "survey_json", "surveys:read", "customers:personal", NULL, survey_filters,
     "created_at", survey_flow},
    {"customers", "customer", "customer", "customer_json", "customers:read", "customers:personal", NULL,
     customer_filters, "created_at,last_order_at,orders"},
    {"business-hours", "business_hours", "business_hours", "business_hours_json", "tickets:read", NULL, NULL,
     NULL, "name", NULL, "name"},
    {0},
};

static const struct consumer consumers[] = {
    {"fulfillment.shipment.*", "support-shipments", BATCH, shipment_fields, on_shipments, LINGER_MEDIUM_MS},
    {"orders.order.*", "support-orders", BATCH, order_fields, on_orders, LINGER_MEDIUM_MS},
    {0},
};

static const struct deadline deadlines[] = {
    {"task_due", task_overdue},
    {"first_answer_soon", ticket_remind},
    {"first_answer", ticket_breach},
    {"hand_over", ticket_hand_over_late},
    {0},
};

static const struct constraint constraints[] = {
    {"task_once_a_parcel", CONFLICT, "task.exists", "This parcel has its follow-up task already."},
    {0},
};

int main(int argc, char **argv)
{
    static const struct service support = {
        .name = "support",
        .port = 8084,
        .routes = routes,
        .resources = resources,
        .events = support_events,
        .consumers = consumers,
        .deadlines = deadlines,
        .constraints = constraints,
        .roles = roles,
        .queries = support_queries,
        .migrations = support_migrations,
    };

    return service_main(&support, argc, argv);
}
