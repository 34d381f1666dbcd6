/* Tickets and their conversations. */
#include "support_areas.h"
#include "ticket.h"

/* --- input ------------------------------------------------------------------------------------------- */

#define DEPARTMENTS "support|orders|warehouse|finance|merchandising|management"

static const struct field customer_fields[] = {
    {"ref", CODE}, {"name", TEXT}, {"phone", TEXT, OPTIONAL, 1, 40}, {"email", TEXT, OPTIONAL, 3, 200}, {0},
};

static const struct field ticket_fields[] = {
    {"subject", TEXT, REQUIRED},
    {"body", TEXT, REQUIRED, 1, 20000},
    {"channel", TEXT, .choices = "phone|chat|email|platform|complaint|survey"},
    {"priority", TEXT, .choices = "low|normal|high|urgent"},
    {"order_id", UUID},
    {"customer", OBJECT, .fields = customer_fields},
    {0},
};

static const struct field agent_fields[] = {{"agent", CODE, REQUIRED}, {0}};
static const struct field message_fields[] = {{"body", TEXT, REQUIRED, 1, 20000}, {0}};
static const struct field answer_fields[] = {{.extends = message_fields}, {"internal", BOOLEAN}, {0}};
static const struct field solve_fields[] = {{"resolution", TEXT, REQUIRED, 1, 2000}, {0}};
static const struct field reason_fields[] = {{"reason", TEXT, REQUIRED, 1, 2000}, {0}};
static const struct field hand_over_fields[] = {
    {"department", TEXT, REQUIRED, .choices = DEPARTMENTS}, {.extends = reason_fields}, {0}};

/* --- the table of contents --------------------------------------------------------------------------- */

static const struct route routes[] = {
    {"POST", "/v1/tickets", "tickets:write", ticket_fields, ticket_open, 201, "Open a ticket"},
    {"POST", "/v1/tickets/{id}/assign", "tickets:assign", agent_fields, action_route, 200,
     "Assign the ticket to an agent", .query = "ticket_assigned"},
    {"POST", "/v1/tickets/{id}/take", "tickets:write", NULL, action_route, 200,
     "Assign the ticket to the caller", .query = "ticket_taken"},
    {"POST", "/v1/tickets/{id}/answer", "tickets:write", answer_fields, ticket_answer, 200,
     "Answer the ticket, or add an internal note"},
    {"POST", "/v1/tickets/{id}/customer-messages", "tickets:write", message_fields, action_route, 200,
     "Record a message of the customer", .query = "ticket_customer_message"},
    {"POST", "/v1/tickets/{id}/hand-over", "tickets:write", hand_over_fields, ticket_hand_over, 200,
     "Hand the ticket over to another department"},
    {"POST", "/v1/tickets/{id}/accept", "tickets:write", NULL, ticket_accept, 200, "Accept the hand-over"},
    {"POST", "/v1/tickets/{id}/decline", "tickets:write", reason_fields, ticket_decline, 200,
     "Decline or withdraw the hand-over"},
    {"POST", "/v1/tickets/{id}/solve", "tickets:write", solve_fields, ticket_solve, 200, "Solve the ticket"},
    {"POST", "/v1/tickets/{id}/reopen", "tickets:write", reason_fields, action_route, 200,
     "Reopen the ticket", .query = "ticket_reopened"},
    {"GET", "/v1/tickets/{id}/messages", "tickets:read", NULL, resource_list, 200,
     "List the messages of the ticket"},
    {0},
};

static const struct filter ticket_filters[] = {
    {"status", TEXT},      {"number", CODE},
    {"channel", TEXT},     {"priority", TEXT},
    {"department", TEXT},  {"owner", CODE},
    {"order_id", UUID},    {"customer_id", UUID, "id in (select tickets_of_customer(?::uuid))"},
    {"breached", BOOLEAN}, {0},
};

static const struct filter message_filters[] = {{"id", UUID, "ticket_id = ?::uuid"}, {"kind", TEXT}, {0}};

static const struct resource resources[] = {
    {
        .name = "tickets",
        .title = "ticket",
        .aggregate = "ticket",
        .table = "ticket",
        .view = "ticket_json",
        .read = "tickets:read",
        .reveal = "tickets:personal",
        .filters = ticket_filters,
        .sorts = "created_at,first_answer_by",
        .flow = ticket_flow,
    },
    {
        .name = "messages",
        .title = "message",
        .view = "message_json",
        .read = "tickets:read",
        .reveal = "tickets:personal",
        .filters = message_filters,
        .sorts = "created_at",
    },
    {0},
};

static const struct deadline deadlines[] = {
    {"first_answer_soon", ticket_remind},
    {"first_answer", ticket_breach},
    {"hand_over", ticket_hand_over_late},
    {0},
};

const struct area support_tickets = {
    .name = "tickets",
    .routes = routes,
    .resources = resources,
    .deadlines = deadlines,
};
