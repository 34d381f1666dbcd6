/* Fields: accepted values, and all errors at once. */
#include "field.h"
#include "test.h"
#include "work.h"

static const struct field line_fields[] = {{"sku", CODE, REQUIRED}, {"quantity", QUANTITY, REQUIRED}, {0}};
static const struct field fields[] = {{"name", TEXT, REQUIRED, 1, 5},
                                      {"kind", TEXT, .choices = "own|platform"},
                                      {"amount", MONEY},
                                      {"day", DAY},
                                      {"lines", LIST, OPTIONAL, 1, 2, line_fields},
                                      {0}};

/* The codes of the errors in the order in which they are found. */
static const char *faults_of(struct work *w, const char *json)
{
    json_error_t error;
    json_t *in = json_loads(json, 0, &error);

    work_begin(w, REQUEST, "test");
    field_check(w, in, fields, false);
    json_decref(in);
    return w->errors.bytes;
}

TEST(good_input_has_no_faults, "valid input has no errors")
{
    struct work w;

    CHECK_TEXT(faults_of(&w, "{\"name\":\"ab\",\"kind\":\"own\",\"amount\":0,\"day\":\"2012-02-29\"}"), "");
    work_end(&w);
}

TEST(every_fault_is_named_at_once, "all errors of the input are reported at once, each with its pointer")
{
    struct work w;
    const char *faults =
        faults_of(&w, "{\"name\":\"abcdef\",\"kind\":\"ow\",\"amount\":1.5,\"day\":\"2011-02-29\","
                      "\"lines\":[{\"sku\":\"a b\"},3],\"x/y\":1}");

    CHECK(w.error_count == 8);
    CHECK(strstr(faults, "\"/name\",\"code\":\"field.too_long\""));
    CHECK(strstr(faults, "\"/kind\",\"code\":\"field.choice\""));
    CHECK(strstr(faults, "\"/amount\",\"code\":\"field.type\""));
    CHECK(strstr(faults, "\"/day\",\"code\":\"field.format\""));
    CHECK(strstr(faults, "\"/lines/0/sku\",\"code\":\"field.format\""));
    CHECK(strstr(faults, "\"/lines/0/quantity\",\"code\":\"field.required\""));
    CHECK(strstr(faults, "\"/lines/1\",\"code\":\"field.type\""));
    CHECK(strstr(faults, "\"/x~1y\",\"code\":\"field.unknown\""));
    work_end(&w);
}

TEST(a_choice_is_one_of_them, "a choice is exactly one of the allowed values")
{
    struct work w;

    CHECK(strstr(faults_of(&w, "{\"name\":\"a\",\"kind\":\"own|platform\"}"), "field.choice"));
    work_end(&w);
    CHECK(strstr(faults_of(&w, "{\"name\":\"a\",\"kind\":\"own|\"}"), "field.choice"));
    work_end(&w);
    CHECK(strstr(faults_of(&w, "{\"name\":\"a\",\"kind\":\"\"}"), "field.choice"));
    work_end(&w);
}

TEST(times_are_rfc_3339, "times are RFC 3339 with an offset")
{
    CHECK(field_text_fits(TIME, "2010-12-01T08:26:00Z"));
    CHECK(field_text_fits(TIME, "2010-12-01T08:26:00.123+08:00"));
    CHECK(!field_text_fits(TIME, "2010-12-01T08:26:00"));
    CHECK(!field_text_fits(TIME, "2010-12-01 08:26:00Z"));
    CHECK(!field_text_fits(TIME, "2010-12-01T-1:00:00Z"));
    CHECK(!field_text_fits(TIME, "2010-12-01T+1: 2:-3Z"));
    CHECK(!field_text_fits(TIME, "2010-13-01T08:26:00Z"));
    CHECK(!field_text_fits(TIME, "2010-12-01T08:26:00.Z"));
}

TEST(json_is_parsed_strictly, "JSON is parsed strictly: no duplicate keys, no depth past 32")
{
    char deep[200] = "";
    const char *why;
    json_t *json;

    CHECK(!json_parse("{\"a\":1,\"a\":2}", 13, &why));
    CHECK_TEXT(why, "has a duplicate key");
    CHECK(!json_parse("{\"a\":1} x", 9, &why));
    CHECK(!json_parse("", 0, &why));
    memset(deep, '[', 33);
    memset(deep + 33, ']', 33);
    CHECK(!json_parse(deep, 66, &why));
    CHECK_TEXT(why, "is nested deeper than 32 levels");
    json = json_parse(deep + 1, 64, &why);
    CHECK(json);
    json_decref(json);
}

TEST(open_is_open_all_the_way_down, "a consumer ignores unknown fields, also in nested rows")
{
    json_t *in = json_loads(
        "{\"name\":\"ab\",\"new\":1,\"lines\":[{\"sku\":\"A\",\"quantity\":1,\"new\":1}]}", 0, NULL);
    struct work w;

    work_begin(&w, REQUEST, "test");
    field_check(&w, in, fields, true);
    CHECK(w.error_count == 0);
    field_check(&w, in, fields, false);
    CHECK(w.error_count == 2);
    json_decref(in);
    work_end(&w);
}
