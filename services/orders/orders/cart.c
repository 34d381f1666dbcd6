#include "cart.h"

#include <string.h>

struct quote cart_quote(const struct offer *offer, const struct ask *ask)
{
    bool agreed = ask->platform && ask->has_price;
    struct quote q = {.unit_price = agreed ? ask->unit_price : offer->price};
    unsigned differs = 0;

    if (!offer->known) {
        q.faults = LINE_UNKNOWN;
        return q;
    }
    if (!offer->sellable)
        differs |= LINE_UNSELLABLE;
    if (strcmp(offer->currency, ask->currency) != 0)
        differs |= LINE_CURRENCY;
    else if (ask->has_price && ask->unit_price != offer->price)
        differs |= LINE_PRICE;
    *(agreed ? &q.flags : &q.faults) = differs;
    return q;
}

bool cart_add(int64_t *sum, int64_t quantity, int64_t unit_price)
{
    int64_t amount, total;

    if (__builtin_mul_overflow(quantity, unit_price, &amount) ||
        __builtin_add_overflow(*sum, amount, &total) || total > MONEY_MAX)
        return false;
    *sum = total;
    return true;
}
