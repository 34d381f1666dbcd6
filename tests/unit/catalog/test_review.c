/* What a listing needs before its review: all errors at once. */
#include "review.h"
#include "test.h"
#include "work.h"

static const char *faults_of(struct work *w, const char *listing)
{
    work_begin(w, REQUEST, "test");
    review_check(w, arena_owns(w->arena, json_loads(listing, 0, NULL), (void (*)(void *))json_decref));
    return w->errors.bytes;
}

TEST(a_complete_listing_passes, "a complete listing passes the review checks")
{
    struct work w;

    CHECK_TEXT(
        faults_of(&w,
                  "{\"description\":\"Holds coffee.\",\"category\":\"kitchen\",\"images\":[{\"url\":"
                  "\"https://x/y.jpg\",\"width\":300,\"height\":300}],\"variants\":[{\"price\":5,\"cost\":5,"
                  "\"currency\":\"GBP\"},{\"price\":4,\"cost\":5,\"below_cost_reason\":\"season over\","
                  "\"currency\":\"GBP\"},{\"price\":4,\"cost\":null,\"currency\":\"GBP\"}]}"),
        "");
    work_end(&w);
}

TEST(an_incomplete_listing, "everything missing from a listing is reported")
{
    struct work w;
    const char *faults =
        faults_of(&w, "{\"description\":null,\"category\":null,\"images\":[],\"variants\":[]}");

    CHECK(w.error_count == 4);
    CHECK(strstr(faults, "no_description") && strstr(faults, "no_category"));
    CHECK(strstr(faults, "no_image") && strstr(faults, "no_variant"));
    work_end(&w);
}

TEST(images_and_variants_are_checked_one_by_one,
     "each image and each variant is checked, and the error has its pointer")
{
    struct work w;
    const char *faults = faults_of(
        &w, "{\"description\":\"Holds coffee.\",\"category\":\"kitchen\",\"images\":[{\"url\":\"ftp://x\","
            "\"width\":299,\"height\":300}],\"variants\":[{\"price\":5,\"currency\":\"GBP\"},"
            "{\"price\":4,\"cost\":5,\"currency\":\"EUR\"}]}");

    CHECK(w.error_count == 4);
    CHECK(strstr(faults, "\"/images/0/url\",\"code\":\"product.image_url\""));
    CHECK(strstr(faults, "\"/images/0\",\"code\":\"product.image_small\""));
    CHECK(strstr(faults, "\"/variants/1/price\",\"code\":\"product.price_below_cost\""));
    CHECK(strstr(faults, "\"/variants/1/currency\",\"code\":\"product.currencies\""));
    work_end(&w);
}
