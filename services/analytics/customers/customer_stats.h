/* New and returning customers of a window. */
#ifndef BACKROOM_ANALYTICS_CUSTOMER_STATS_H
#define BACKROOM_ANALYTICS_CUSTOMER_STATS_H

struct work;

/* GET /v1/customers/figures and, behind them, GET /v1/customers */
int customer_figures_get(struct work *w);
int customers_get(struct work *w);

#endif
