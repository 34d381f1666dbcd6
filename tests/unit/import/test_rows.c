/* CSV rows: split, parsed, typed. */
#include <string.h>

#include "rows.h"
#include "test.h"

static const struct field inner[] = {{"name", TEXT}, {0}};
static const struct field fields[] = {{"sku", CODE},     {"quantity", QUANTITY},
                                      {"fast", BOOLEAN}, {"who", OBJECT, .fields = inner},
                                      {"tags", TEXTS},   {0}};

static size_t csv(const char *s, bool last)
{
    return row_length(true, s, strlen(s), last);
}

TEST(a_row_of_csv_ends_at_a_line_end_outside_quotes, "a row of csv ends at a line end outside quotes")
{
    CHECK(csv("a,b\nc", false) == 4);
    CHECK(csv("a,\"x\ny\"\nc", false) == 8);
    CHECK(csv("a,\"x\"\"\ny\"\r\nc", false) == 11);
    CHECK(csv("a,5\" wide\nc", false) == 10);
    CHECK(csv("a,\"x\n", false) == 0);
}

TEST(the_last_row_needs_no_line_end_and_an_open_quote_ends_with_its_line,
     "the last row needs no line end and an open quote ends with its line")
{
    CHECK(csv("a,b", false) == 0);
    CHECK(csv("a,b", true) == 3);
    CHECK(csv("a,\"b\nc,d\n", true) == 5);
    CHECK(csv("", true) == 0);
}

static const char *read_as_csv(const char *row, char *out, size_t room)
{
    const char *header = "sku,quantity,fast,who.name,tags", *why = NULL;
    json_t *names = row_header(header, strlen(header), &why);
    json_t *json = row_read(names, fields, row, strlen(row), &why);
    size_t n = json ? json_dumpb(json, out, room - 1, JSON_COMPACT | JSON_SORT_KEYS) : 0;

    out[n] = '\0';
    json_decref(json);
    json_decref(names);
    return json ? out : why;
}

TEST(cells_are_read_as_their_fields_are_typed_and_empty_ones_are_absent,
     "cells are read by the types of their fields, and empty cells are absent")
{
    char out[400];

    CHECK(strcmp(read_as_csv("A,7,true,\"Bo \"\"B\"\"\",\"[\"\"x\"\"]\"\r\n", out, sizeof out),
                 "{\"fast\":true,\"quantity\":7,\"sku\":\"A\",\"tags\":[\"x\"],\"who\":{\"name\":\"Bo "
                 "\\\"B\\\"\"}}") == 0);
    CHECK(strcmp(read_as_csv(",seven,,,\n", out, sizeof out), "{\"quantity\":\"seven\"}") == 0);
    CHECK(strstr(read_as_csv("A,1\n", out, sizeof out), "not as many cells"));
    CHECK(strstr(read_as_csv("A,\"1\" x,,,\n", out, sizeof out), "RFC 4180"));
    CHECK(strstr(read_as_csv("A,1,,\xff,\n", out, sizeof out), "UTF-8"));
}

TEST(a_header_may_not_name_a_thing_and_a_part_of_it,
     "a header may not name an object and its member: one cell would be lost")
{
    const char *why = NULL;

    CHECK(!row_header("sku,who,who.name", 16, &why) && strstr(why, "twice"));
    CHECK(!row_header("who.name,sku,who", 16, &why) && strstr(why, "twice"));
    json_t *names = row_header("who.name,whose,who.nick", 23, &why);

    CHECK(names);
    json_decref(names);
}
