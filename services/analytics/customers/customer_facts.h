/* When customers bought first, and in which months: kept with every change of the orders. */
#ifndef BACKROOM_ANALYTICS_CUSTOMER_FACTS_H
#define BACKROOM_ANALYTICS_CUSTOMER_FACTS_H

struct work;

/* The orders that were placed and cancelled, as PostgreSQL arrays, NULL for none. After all sums, because every batch locks
 * sums first and customers then. */
int customer_facts_follow(struct work *w, const char *placed, const char *cancelled, const char *zone);

#endif
