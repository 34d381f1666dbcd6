/* Checks that a listing is complete before its review (C-2). */
#ifndef BACKROOM_REVIEW_H
#define BACKROOM_REVIEW_H

#include "work.h"

/* {description, category, images:[{url, width, height}], variants:[{sku, price, cost, currency,
 * below_cost_reason}]}: notes a fault_at() for everything that is missing or wrong. */
void review_check(struct work *w, const json_t *listing);
/* The same for the rules of variants only. */
void review_variants(struct work *w, const json_t *listing);

#endif
