/* Orders: the prices of a cart's lines, and when an order may be confirmed manually. */
#include "cart.h"
#include "order.h"
#include "test.h"

static const struct offer mug = {true, true, 450, "GBP"};

static struct quote own(struct offer offer, bool has_price, int64_t price)
{
    return cart_quote(&offer, &(struct ask){false, "GBP", has_price, price});
}

static struct quote platform(struct offer offer, bool has_price, int64_t price)
{
    return cart_quote(&offer, &(struct ask){true, "GBP", has_price, price});
}

TEST(our_price_counts, "on the shop's own channels the list price counts")
{
    CHECK(own(mug, false, 0).unit_price == 450 && own(mug, false, 0).faults == 0);
    CHECK(own(mug, true, 450).faults == 0);
    CHECK(own(mug, true, 449).faults == LINE_PRICE);
    CHECK(own(mug, true, 0).faults == LINE_PRICE);
    CHECK(own(mug, true, 449).flags == 0);
}

TEST(agreed_price_counts, "on platforms the agreed price counts, differences are flagged")
{
    CHECK(platform(mug, true, 449).unit_price == 449 && platform(mug, true, 449).faults == 0);
    CHECK(platform(mug, true, 449).flags == LINE_PRICE);
    CHECK(platform(mug, true, 450).flags == 0);
    CHECK(platform(mug, true, 0).unit_price == 0);
    CHECK(platform(mug, false, 0).unit_price == 450 && platform(mug, false, 0).flags == 0);
}

TEST(faults_add_up, "all errors of a line are reported, an unknown SKU alone")
{
    CHECK(own((struct offer){true, false, 450, "GBP"}, true, 1).faults == (LINE_UNSELLABLE | LINE_PRICE));
    CHECK(own((struct offer){true, false, 450, "EUR"}, true, 1).faults == (LINE_UNSELLABLE | LINE_CURRENCY));
    CHECK(own((struct offer){0}, true, 1).faults == LINE_UNKNOWN);
    CHECK(platform((struct offer){0}, true, 1).faults == LINE_UNKNOWN);
    CHECK(platform((struct offer){true, false, 450, "EUR"}, true, 1).flags ==
          (LINE_UNSELLABLE | LINE_CURRENCY));
    CHECK(platform((struct offer){true, false, 450, "EUR"}, false, 0).faults ==
          (LINE_UNSELLABLE | LINE_CURRENCY));
}

TEST(sums_do_not_overflow, "a sum beyond the limit is refused and left unchanged")
{
    int64_t sum = 5;

    CHECK(cart_add(&sum, 2, 10) && sum == 25);
    CHECK(!cart_add(&sum, 1000000, MONEY_MAX) && sum == 25);
    CHECK(!cart_add(&sum, 1, MONEY_MAX) && sum == 25);
    CHECK(cart_add(&sum, 1, MONEY_MAX - 25) && sum == MONEY_MAX);
    CHECK(!cart_add(&sum, 1, 1) && sum == MONEY_MAX);
    CHECK(cart_add(&sum, 1000, 0));
}

TEST(manual_confirmation,
     "an order is confirmed manually when it is fully or partly reserved, paid and not on hold")
{
    CHECK(!order_confirm_fault("reserved", "paid", false));
    CHECK(!order_confirm_fault("partial", "paid", false));
    CHECK_TEXT(order_confirm_fault("reserved", "paid", true), "order.on_hold");
    CHECK_TEXT(order_confirm_fault("pending", "unpaid", true), "order.on_hold");
    CHECK_TEXT(order_confirm_fault("reserved", "partly_paid", false), "order.unpaid");
    CHECK_TEXT(order_confirm_fault("reserved", "refunded", false), "order.unpaid");
    CHECK_TEXT(order_confirm_fault("pending", "paid", false), "order.not_reserved");
    CHECK_TEXT(order_confirm_fault("backordered", "paid", false), "order.not_reserved");
    CHECK_TEXT(order_confirm_fault("released", "paid", false), "order.not_reserved");
}
