#include "customer_facts.h"

#include "customer_facts_queries.h"
#include "work.h"

int customer_facts_follow(struct work *w, const char *placed, const char *cancelled, const char *zone)
{
    if (placed) {
        TRY(q_customers_seen(w, placed));
        TRY(q_cohorts_follow(w, placed, zone));
    }
    if (cancelled) {
        TRY(q_buyers_lock(w, cancelled));
        TRY(q_customers_anew(w, cancelled));
        TRY(q_cohorts_follow(w, cancelled, zone));
    }
    return q_cohorts_sweep(w);
}
