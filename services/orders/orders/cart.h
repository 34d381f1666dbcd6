/* What a cart's lines cost and what is wrong with them (O-1): rules on plain values, without a database. */
#ifndef BACKROOM_CART_H
#define BACKROOM_CART_H

#include <stdbool.h>
#include <stdint.h>

enum {
    LINE_UNKNOWN = 1,    /* no such SKU was ever published */
    LINE_UNSELLABLE = 2, /* it is off the channels now */
    LINE_PRICE = 4,      /* another price than the list's */
    LINE_CURRENCY = 8,   /* the list has its price in another currency */
    LINE_FAULTS = 4,     /* how many there are */
};

/* The largest total, minor units. */
#define MONEY_MAX INT64_C(1000000000000000)

/* What the price list says of a SKU. */
struct offer {
    bool known, sellable;
    int64_t price;
    const char *currency;
};

/* What is asked for. */
struct ask {
    bool platform; /* the channel is somebody else's */
    const char *currency;
    bool has_price;
    int64_t unit_price; /* what the caller expects, if has_price */
};

/* A line's price and what is wrong or remarkable about it: bits of LINE_…. */
struct quote {
    int64_t unit_price;
    unsigned faults; /* these refuse the order */
    unsigned flags;  /* these are only noted on it */
};

/*
 * On channels of our own the list's price counts, and another expectation is a fault. What a platform names is what was
 * agreed there: it is taken, differences are flagged. Where it names none, the list counts.
 */
struct quote cart_quote(const struct offer *offer, const struct ask *ask);

/* Add a line to the sum; false when it would be more than MONEY_MAX: then *sum is as before. */
bool cart_add(int64_t *sum, int64_t quantity, int64_t unit_price);

#endif
