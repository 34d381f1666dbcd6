/* Paths, queries, trace ids, UTF-8: parsed strictly. */
#include "cursor.h"
#include "request.h"
#include "test.h"
#include "trace.h"
#include "utf8.h"
#include "work.h"

static struct work w;
static struct request r;

static const char *read(const char *target)
{
    work_begin(&w, REQUEST, "test");
    memset(&r, 0, sizeof r);
    return request_target(&w, &r, target);
}

TEST(a_target_is_split_and_decoded, "a target is split and decoded, path and query separately")
{
    CHECK(!read("/v1/orders/a%20b+c?limit=2&q=x+y%2B"));
    CHECK(r.segment_count == 3 && w.var_count == 2);
    CHECK_TEXT(r.segments[2], "a b+c");
    CHECK_TEXT(query_var(&w, "limit"), "2");
    CHECK_TEXT(query_var(&w, "q"), "x y+");
    CHECK(!query_var(&w, "orders"));
    work_end(&w);
}

TEST(a_target_with_tricks_is_refused, "an ambiguous target is refused")
{
    static const char *const bad[] = {"/v1/%00",     "/v1/a%2Fb", "/v1/%ff", "/v1/%4",
                                      "/v1?a=1&a=2", "/v1?a=%00", "v1",      "/v1?%zz=1"};

    for (size_t i = 0; i < COUNT(bad); i++) {
        CHECK(read(bad[i]));
        work_end(&w);
    }
}

TEST(only_good_traceparents_count, "only well-formed traceparents are used")
{
    struct arena *a = arena_new();

    CHECK_TEXT(trace_of(a, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
               "0af7651916cd43dd8448eb211c80319c");
    CHECK(!trace_of(a, "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
    CHECK(!trace_of(a, "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
    CHECK(!trace_of(a, "00-00000000000000000000000000000000-b7ad6b7169203331-01"));
    CHECK(!trace_of(a, "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"));
    CHECK(!trace_of(a, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"));
    CHECK(!trace_of(a, NULL));
    arena_free(a);
}

TEST(utf8_is_rfc_3629, "UTF-8 is RFC 3629: no overlong forms, no surrogates")
{
    CHECK(utf8_valid("\xe4\xb8\x8a\xf0\x9f\x98\x80", 7));
    CHECK(!utf8_valid("\xc0\x80", 2));
    CHECK(!utf8_valid("\xed\xa0\x80", 3));
    CHECK(!utf8_valid("\xf4\x90\x80\x80", 4));
    CHECK(!utf8_valid("\xe4\xb8", 2));
}

TEST(a_cursor_is_bound_to_its_query, "a cursor is bound to its query and cannot be changed")
{
    const char *cursor, *value, *key;

    cursor_secret("a secret");
    work_begin(&w, REQUEST, "test");
    cursor = cursor_make(&w, "&status=placed", "2010-12-01 08:26:00+00", "key \"1\"");
    CHECK(cursor_read(&w, "&status=placed", cursor, &value, &key));
    CHECK_TEXT(value, "2010-12-01 08:26:00+00");
    CHECK_TEXT(key, "key \"1\"");
    CHECK(!cursor_read(&w, "&status=shipped", cursor, &value, &key));
    CHECK(!cursor_read(&w, "&status=placed", "AAAA", &value, &key));
    CHECK(!cursor_read(&w, "&status=placed", "", &value, &key));
    CHECK(!cursor_read(&w, "&status=placed", textf(&w, "%sA", cursor), &value, &key));
    CHECK(!cursor_read(&w, "&status=placed", textf(&w, "%sAA", cursor), &value, &key));
    ((char *)(uintptr_t)cursor)[50] ^= 1;
    CHECK(!cursor_read(&w, "&status=placed", cursor, &value, &key));
    work_end(&w);
}
