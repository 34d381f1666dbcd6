/* Masking: what remains of personal data for roles that do not need them. */
#include "masking.h"
#include "test.h"
#include "work.h"

static const char *masked(struct work *w, const char *json)
{
    work_begin(w, REQUEST, "test");
    return mask_personal(w, json);
}

TEST(a_phone_keeps_its_last_three_digits, "a phone number keeps its last three digits, a short one nothing")
{
    struct work w;

    CHECK_TEXT(masked(&w, "{\"phone\":\"+441134960000\"}"), "{\"phone\":\"***000\"}");
    work_end(&w);
    CHECK_TEXT(masked(&w, "{\"phone\":\"110110\"}"), "{\"phone\":\"***\"}");
    work_end(&w);
}

TEST(a_name_keeps_its_first_character, "a name keeps its first character in every script")
{
    struct work w;

    CHECK_TEXT(masked(&w, "{\"name\":\"Robin Ash\"}"), "{\"name\":\"R***\"}");
    work_end(&w);
    CHECK_TEXT(masked(&w, "{\"name\":\"\u738b\u5c0f\u660e\"}"), "{\"name\":\"\u738b***\"}");
    work_end(&w);
    CHECK_TEXT(masked(&w, "{\"name\":\"\"}"), "{\"name\":\"***\"}");
    work_end(&w);
}

TEST(an_email_keeps_its_first_character_and_domain, "an e-mail keeps its first character and its domain")
{
    struct work w;

    CHECK_TEXT(masked(&w, "{\"email\":\"robin@example.org\"}"), "{\"email\":\"r***@example.org\"}");
    work_end(&w);
    CHECK_TEXT(masked(&w, "{\"email\":\"no address\"}"), "{\"email\":\"***\"}");
    work_end(&w);
}

TEST(places_stay_down_to_the_city,
     "an address keeps country, region and city; street, postcode and unknown members are masked")
{
    struct work w;

    CHECK_TEXT(
        masked(&w, "{\"ship_to\":{\"country\":\"GB\",\"region\":\"England\",\"city\":\"Leeds\","
                   "\"street\":\"1 High Street\",\"postcode\":\"LS1 4DY\"},\"comment\":\"ring twice\"}"),
        "{\"ship_to\":{\"country\":\"GB\",\"region\":\"England\",\"city\":\"Leeds\",\"street\":\"***\","
        "\"postcode\":\"***\"},\"comment\":\"***\"}");
    work_end(&w);
}

TEST(masking_reaches_every_depth, "masking covers lists and every depth; the key above a text decides")
{
    struct work w;

    CHECK_TEXT(
        masked(&w, "{\"phone\":[\"+441134960001\",\"1\"],\"others\":[{\"name\":\"Ann\",\"note\":\"x\"}]}"),
        "{\"phone\":[\"***001\",\"***\"],\"others\":[{\"name\":\"A***\",\"note\":\"***\"}]}");
    work_end(&w);
}

TEST(numbers_are_personal_data_too, "numbers under a masked key are masked too: a phone may be a number")
{
    struct work w;

    CHECK_TEXT(masked(&w, "{\"phone\":441134960000,\"age\":44,\"gift\":true,\"none\":null}"),
               "{\"phone\":\"***\",\"age\":\"***\",\"gift\":true,\"none\":null}");
    work_end(&w);
}

TEST(what_is_no_object_shows_nothing, "invalid JSON is masked completely")
{
    struct work w;

    CHECK_TEXT(masked(&w, "{\"name\":"), "{}");
    work_end(&w);
}
