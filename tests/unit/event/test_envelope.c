/* Delivered events: malformed ones are detected. */
#include "envelope.h"

#include <stdlib.h>

#include "test.h"
#include "work.h"

#define EVENT(version)                                                                                       \
    "{\"specversion\":\"1.0\",\"id\":\"01900000-0000-7000-8000-000000000000\",\"type\":\"t\","               \
    "\"subject\":\"x\",\"time\":\"2010-12-01T08:26:00Z\",\"aggregate\":\"order\","                           \
    "\"aggregateversion\":" version ",\"data\":{}}"

static bool is_ours(const char *text)
{
    const char *why = NULL;
    struct work w;
    bool good;

    work_begin(&w, DELIVERY, "test");
    good = envelope_read(&w, text, strlen(text), 0, &why) != NULL;
    work_end(&w);
    return good;
}

#define HEAD "{\"type\":\"t\",\"a\":{\"data\":{\"kept\":1}},"

/* The result of envelope_head() as text, or the reason of its refusal. */
static bool head_is(const char *text, const char *wanted)
{
    const char *why = NULL;
    json_t *e = envelope_head(text, strlen(text), &why);
    char *dump = e ? json_dumps(e, JSON_COMPACT) : NULL;
    bool same = strcmp(dump ? dump : why, wanted) == 0;

    free(dump);
    json_decref(e);
    return same;
}

TEST(a_head_has_all_but_data, "an event's head has everything but data and private")
{
    CHECK(head_is(HEAD "\"data\":{\"x\":\"}\\\"{\",\"y\":[{}]},\"private\" : {\"n\":{}},\"z\":2}",
                  HEAD "\"data\":{},\"private\":{},\"z\":2}"));
    CHECK(head_is(HEAD "\"data\":3,\"name\":\"data\"}", HEAD "\"data\":3,\"name\":\"data\"}"));
    CHECK(head_is("{\"data\":{},\"v\":\"\\\\\"}", "{\"data\":{},\"v\":\"\\\\\"}"));
    CHECK(head_is("{\"data\":{\"x\":1}", "is not valid JSON"));
    CHECK(head_is("{\"data\":{\"x\":\"", "is not valid JSON"));
    CHECK(head_is("{\"data", "is not valid JSON"));
    CHECK(head_is("", "is not valid JSON"));
}

TEST(a_version_fits_where_it_is_kept, "an event's version is a number that fits its column")
{
    CHECK(is_ours(EVENT("1")));
    CHECK(is_ours(EVENT("2147483647")));
    CHECK(!is_ours(EVENT("2147483648")));
    CHECK(!is_ours(EVENT("0")));
    CHECK(!is_ours(EVENT("-1")));
    CHECK(!is_ours(EVENT("1.5")));
}
