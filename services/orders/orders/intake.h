/* Placing orders (O-1, O-2): priced, checked, written once. order_import.h has many at once. */
#ifndef BACKROOM_ORDERS_INTAKE_H
#define BACKROOM_ORDERS_INTAKE_H

#include "field.h"
#include "work.h"

struct intake_look_row;

/* A payment: alone, or with its order. */
extern const struct field payment_fields[];

/* An order that is being placed, from the work's input. */
struct intake {
    const char *id;
    const struct intake_look_row *rows; /* one for each line */
    size_t n;
    bool history; /* an order that is over: its prices are not checked */
    int64_t gross, stocked_units, paid;
    unsigned flags;
    struct text lines; /* priced, as a JSON list */
};

int order_place(struct work *w);
/* Another request has just taken the same channel reference: answer with its order, or refuse. */
int order_placed_before(struct work *w);

/* Price the lines and add a fault for everything that is wrong with the order. */
void intake_check(struct work *w, struct intake *in);
/* The digest of what was requested, whatever the order of its members; the personal data; the flags as a
 * PostgreSQL array. */
const char *intake_digest(struct work *w);
const char *intake_personal(struct work *w);
const char *intake_flags(struct work *w, unsigned flags);

#endif
