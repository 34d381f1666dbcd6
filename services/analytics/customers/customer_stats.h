/* Customers as refs: new and returning, cohorts, and scores of recency, frequency and money. */
#ifndef BACKROOM_ANALYTICS_CUSTOMERS_H
#define BACKROOM_ANALYTICS_CUSTOMERS_H

#include "field.h"
#include "work.h"

extern const struct field customer_figures_fields[];
extern const struct field customers_fields[];
extern const struct field cohorts_fields[];
extern const struct field cohort_customers_fields[];
extern const struct field rfm_fields[];
extern const struct field rfm_customers_fields[];
int customer_figures_get(struct work *w);
int customers_get(struct work *w);
int cohorts_get(struct work *w);
int cohort_customers_get(struct work *w);
int rfm_get(struct work *w);
int rfm_customers_get(struct work *w);

#endif
