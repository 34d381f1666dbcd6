/* Fulfillment's decisions: scans, and the effects of tracking events. */
#include "scan.h"
#include "test.h"
#include "tracking.h"

static const char *judged(const char *status, bool on_list, int64_t needed, int64_t has, int64_t units)
{
    const struct refusal *no = scan_judge(status, on_list, needed, has, units);

    return no ? no->code : "ok";
}

TEST(a_right_scan, "a scan of a missing unit is accepted, up to the last one")
{
    CHECK_TEXT(judged("waved", true, 3, 0, 1), "ok");
    CHECK_TEXT(judged("waved", true, 3, 0, 3), "ok");
    CHECK_TEXT(judged("waved", true, 3, 2, 1), "ok");
}

TEST(wrong_scans, "a wrong scan is refused with the code of its error")
{
    CHECK_TEXT(judged("waved", false, 0, 0, 1), "scan.wrong_barcode");
    CHECK_TEXT(judged("waved", true, 3, 3, 1), "scan.already_complete");
    CHECK_TEXT(judged("waved", true, 3, 3, 9), "scan.already_complete");
    CHECK_TEXT(judged("waved", true, 3, 2, 2), "scan.over_quantity");
}

TEST(scans_of_a_packed_box, "a surplus unit is refused after the shipment was packed")
{
    CHECK_TEXT(judged("packed", true, 3, 3, 1), "scan.already_complete");
    CHECK_TEXT(judged("packed", false, 0, 0, 1), "scan.wrong_barcode");
}

TEST(unexpected_scans, "a shipment that is not in a wave is not scanned, whatever the barcode")
{
    const char *const statuses[] = {"pending", "voided", "shipped", "delivered"};

    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        CHECK_TEXT(judged(statuses[i], true, 3, 0, 1), "scan.not_expected");
        CHECK_TEXT(judged(statuses[i], false, 0, 0, 1), "scan.not_expected");
    }
    CHECK(!scan_judge("pending", true, 1, 0, 1)->exception);
    CHECK(scan_judge("waved", false, 0, 0, 1)->exception);
}

TEST(delivery_problems,
     "a delivery problem opens an exception of its kind, unless the shipment was delivered later")
{
    CHECK_TEXT(tracking_opens("lost", false), "lost");
    CHECK_TEXT(tracking_opens("refused", false), "refused");
    CHECK_TEXT(tracking_opens("returned", false), "returned");
    CHECK(!tracking_opens("lost", true));
    CHECK(!tracking_opens("refused", true));
    CHECK_TEXT(tracking_opens("damaged", true), "damaged");
    CHECK(!tracking_opens("delayed", false));
    CHECK(!tracking_opens("delivered", false));
}

TEST(events_that_resolve,
     "a movement resolves a missing one, a delivery also a loss; late events resolve nothing")
{
    CHECK_TEXT(tracking_settles("in_transit", true), "{no_movement}");
    CHECK_TEXT(tracking_settles("delivered", true), "{no_movement,lost,refused}");
    CHECK(!tracking_settles("delivered", false));
}
