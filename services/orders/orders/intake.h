/* Orders coming in (O-1, O-2): priced, checked, taken down once. Many at once: order_import.h. */
#ifndef BACKROOM_INTAKE_H
#define BACKROOM_INTAKE_H

#include "field.h"
#include "work.h"

struct intake_look_row;

/* A payment: alone, or with its order. */
extern const struct field payment_fields[];

/* An order on its way in: what the work's input says. */
struct intake {
    const char *id;
    const struct intake_look_row *rows; /* one for each line */
    size_t n;
    bool history; /* it is over: its prices are what they were */
    int64_t gross, stocked_units, paid;
    unsigned flags;
    struct text lines; /* priced, as a JSON list */
};

int order_place(struct work *w);
/* The same channel reference was just taken by another request: answer with that order, or refuse. */
int order_placed_before(struct work *w);

/* Price the lines and add a fault for everything that is wrong with the order. */
void intake_check(struct work *w, struct intake *in);
/* What was asked, whatever the order of its members; its personal data; its flags as a PostgreSQL array. */
const char *intake_digest(struct work *w);
const char *intake_personal(struct work *w);
const char *intake_flags(struct work *w, unsigned flags);

#endif
