/* Customers as references: new and returning, cohorts, scores. */
#include "analytics_areas.h"
#include "cohorts.h"
#include "customer_stats.h"
#include "drilldown.h"
#include "report.h"
#include "rfm.h"

#define SEGMENTS "at_risk|champions|lost|loyal|promising|steady"

static const struct field customer_figures_fields[] = {
    {.extends = window_fields}, {"by", TEXT, .choices = "day|month|week"}, {0}};

static const struct field customers_fields[] = {
    {.extends = window_fields},
    {"kind", TEXT, .choices = "new|repeating|returning"},
    {.extends = page_fields},
    {0},
};

static const struct field cohort_customers_fields[] = {
    {"cohort", TEXT, REQUIRED}, {"month", TEXT, REQUIRED}, {.extends = page_fields}, {0}};

static const struct field rfm_fields[] = {
    {"as_of", DAY, REQUIRED},
    {"days", INTEGER, OPTIONAL, 1, TEN_YEARS_DAYS},
    {"currency", CURRENCY},
    {0},
};

static const struct field rfm_customers_fields[] = {
    {.extends = rfm_fields}, {"segment", TEXT, .choices = SEGMENTS}, {.extends = page_fields}, {0}};

static const struct route routes[] = {
    {"GET", "/v1/customers/figures", "sales:read", customer_figures_fields, customer_figures_get, 200,
     "Get new and returning customers"},
    {"GET", "/v1/customers", "sales:read", customers_fields, customers_get, 200,
     "List the customers behind a figure"},
    {"GET", "/v1/cohorts", "sales:read", window_fields, cohorts_get, 200,
     "Get cohorts of customers by the month of their first order"},
    {"GET", "/v1/cohorts/customers", "sales:read", cohort_customers_fields, cohort_customers_get, 200,
     "List the customers of a cohort who bought in a month"},
    {"GET", "/v1/rfm", "sales:read", rfm_fields, rfm_get, 200,
     "Get segments of customers by recency, frequency and money"},
    {"GET", "/v1/rfm/customers", "sales:read", rfm_customers_fields, rfm_customers_get, 200,
     "List the customers of a segment with their scores"},
    {0},
};

const struct area analytics_customers = {
    .name = "customers",
    .routes = routes,
};
