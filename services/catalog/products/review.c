#include "review.h"

#include <string.h>

enum { DESCRIPTION_MIN = 10, PIXELS_MIN = 300 };

static const char *text_in(const json_t *object, const char *name)
{
    const char *s = json_string_value(json_object_get(object, name));

    return s ? s : "";
}

static json_int_t number_in(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static void check_image(struct work *w, const json_t *image, size_t place)
{
    const char *url = text_in(image, "url");

    if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
        fault_at(w, textf(w, "/images/%zu/url", place), "product.image_url",
                 "The address of an image begins with https:// or http://.");
    if (number_in(image, "width") < PIXELS_MIN || number_in(image, "height") < PIXELS_MIN)
        fault_at(w, textf(w, "/images/%zu", place), "product.image_small",
                 "An image must be at least %d by %d pixels.", PIXELS_MIN, PIXELS_MIN);
}

static void check_variant(struct work *w, const json_t *variant, size_t place, const char *currency)
{
    bool has_cost = json_is_integer(json_object_get(variant, "cost"));

    if (has_cost && number_in(variant, "price") < number_in(variant, "cost") &&
        !*text_in(variant, "below_cost_reason"))
        fault_at(w, textf(w, "/variants/%zu/price", place), "product.price_below_cost",
                 "The price is below the cost: give the reason in below_cost_reason.");
    if (strcmp(text_in(variant, "currency"), currency) != 0)
        fault_at(w, textf(w, "/variants/%zu/currency", place), "product.currencies",
                 "All variants of a product are priced in one currency.");
}

void review_variants(struct work *w, const json_t *listing)
{
    const json_t *variants = json_object_get(listing, "variants"), *variant;
    size_t i;

    json_array_foreach(variants, i, variant)
        check_variant(w, variant, i, text_in(json_array_get(variants, 0), "currency"));
}

void review_check(struct work *w, const json_t *listing)
{
    const json_t *images = json_object_get(listing, "images"), *image;
    size_t i;

    if (strlen(text_in(listing, "description")) < DESCRIPTION_MIN)
        fault_at(w, "/description", "product.no_description",
                 "A description of at least %d characters is needed.", DESCRIPTION_MIN);
    if (!*text_in(listing, "category"))
        fault_at(w, "/category", "product.no_category", "A category is needed.");
    if (!json_array_size(images))
        fault_at(w, "/images", "product.no_image", "At least one image is needed.");
    if (!json_array_size(json_object_get(listing, "variants")))
        fault_at(w, "/variants", "product.no_variant", "At least one variant is needed.");
    json_array_foreach(images, i, image) check_image(w, image, i);
    review_variants(w, listing);
}
