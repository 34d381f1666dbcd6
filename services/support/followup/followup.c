/* Follow-up: tasks and surveys, created for every shipment or manually. */
#include "shipment_events.h"
#include "support_areas.h"
#include "survey.h"
#include "task.h"

/* --- input ------------------------------------------------------------------------------------------- */

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
static const struct field outcome_fields[] = {
    {"outcome", TEXT, REQUIRED, 1, 2000}, {"next_call_at", TIME}, {0}};
static const struct field score_fields[] = {
    {"score", INTEGER, REQUIRED, 1, 5}, {"comment", TEXT, OPTIONAL, 1, 2000}, {0}};

/* Of fulfillment's events: what is needed here; more is ignored. */
static const struct field shipment_event_fields[] = {
    {"id", UUID, REQUIRED}, {"order_id", UUID, REQUIRED}, {0}};

/* --- the table of contents --------------------------------------------------------------------------- */

static const struct route routes[] = {
    {"POST", "/v1/tasks", "tasks:write", task_fields, task_create, 201, "Create a task"},
    {"POST", "/v1/tasks/{id}/assign", "tasks:write", owner_fields, action_route, 200, "Assign the task",
     .query = "task_assigned"},
    {"POST", "/v1/tasks/{id}/complete", "tasks:write", outcome_fields, task_complete, 200,
     "Complete the task with its outcome"},
    {"GET", "/v1/public/surveys/{token}", NULL, NULL, survey_show, 200, "Get the survey of a link"},
    {"POST", "/v1/public/surveys/{token}", NULL, score_fields, survey_answer, 201,
     "Answer the survey of a link, once"},
    {0},
};

static const struct filter task_filters[] = {
    {"status", TEXT},
    {"kind", CODE},
    {"owner", CODE},
    {"order_id", UUID},
    {"shipment_id", UUID},
    {"overdue", BOOLEAN},
    {"due_before", TIME, "due_at < ?::timestamptz"},
    {0},
};

static const struct filter survey_filters[] = {
    {"status", TEXT}, {"order_id", UUID}, {"shipment_id", UUID}, {"score", INTEGER}, {0}};

static const struct resource resources[] = {
    {
        .name = "tasks",
        .title = "task",
        .aggregate = "task",
        .table = "task",
        .view = "task_json",
        .read = "tasks:read",
        .reveal = "customers:personal",
        .filters = task_filters,
        .sorts = "created_at,due_at",
        .flow = task_flow,
    },
    {
        .name = "surveys",
        .title = "survey",
        .aggregate = "survey",
        .table = "survey",
        .view = "survey_json",
        .read = "surveys:read",
        .reveal = "customers:personal",
        .filters = survey_filters,
        .sorts = "created_at",
        .flow = survey_flow,
    },
    {0},
};

static const struct consumer consumers[] = {
    {
        .subject = "fulfillment.shipment.*",
        .name = "support-shipments",
        .mode = BATCH,
        .fields = shipment_event_fields,
        .handler = support_on_fulfillment_shipment,
        .linger_ms = LINGER_MEDIUM_MS,
    },
    {0},
};

static const struct deadline deadlines[] = {{"task_due", task_overdue}, {0}};

static const struct constraint constraints[] = {
    {"task_follow_up_once", CONFLICT, "task.exists", "The shipment has a follow-up task already."},
    {0},
};

const struct area support_followup = {
    .name = "followup",
    .routes = routes,
    .resources = resources,
    .consumers = consumers,
    .deadlines = deadlines,
    .constraints = constraints,
};
