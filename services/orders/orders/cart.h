/* Prices an order's lines and reports their faults (O-1): rules on plain values. */
#ifndef BACKROOM_ORDERS_CART_H
#define BACKROOM_ORDERS_CART_H

#include <stdbool.h>
#include <stdint.h>

enum {
    LINE_UNKNOWN = 1,    /* the price list has no such SKU */
    LINE_UNSELLABLE = 2, /* it is no longer on sale */
    LINE_PRICE = 4,      /* its price is not the list's */
    LINE_CURRENCY = 8,   /* the list has its price in another currency */
    LINE_FAULTS = 4,     /* how many there are */
};

/* The largest total, minor units. */
#define MONEY_MAX INT64_C(1000000000000000)

/* A SKU in the price list. */
struct offer {
    bool known, sellable;
    int64_t price;
    const char *currency;
};

/* What is requested. */
struct ask {
    bool platform; /* the channel is a platform */
    const char *currency;
    bool has_price;
    int64_t unit_price; /* what the caller expects, if has_price */
};

/* A line's price and what is wrong with it: bits of LINE_…. */
struct quote {
    int64_t unit_price;
    unsigned faults; /* these refuse the order */
    unsigned flags;  /* these are noted on the order */
};

/*
 * On the shop's own channels the list's price counts, and another expected price is a fault. The price of a
 * platform was agreed there: it is taken, and differences are flagged. Without one, the list's price counts.
 */
struct quote cart_quote(const struct offer *offer, const struct ask *ask);

/* Add a line to the sum. False, and *sum as before, if it would be more than MONEY_MAX. */
bool cart_add(int64_t *sum, int64_t quantity, int64_t unit_price);

#endif
