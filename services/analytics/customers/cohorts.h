/* Customers by the month of their first order, and the months in which they bought again. */
#ifndef BACKROOM_ANALYTICS_COHORTS_H
#define BACKROOM_ANALYTICS_COHORTS_H

struct work;

/* GET /v1/cohorts and, behind its figures, GET /v1/cohorts/customers */
int cohorts_get(struct work *w);
int cohort_customers_get(struct work *w);

#endif
