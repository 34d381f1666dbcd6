/* Customers scored by recency, frequency and money. */
#ifndef BACKROOM_ANALYTICS_RFM_H
#define BACKROOM_ANALYTICS_RFM_H

struct work;

/* GET /v1/rfm and, behind its figures, GET /v1/rfm/customers */
int rfm_get(struct work *w);
int rfm_customers_get(struct work *w);

#endif
