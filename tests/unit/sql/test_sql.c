/* Values and statements for PostgreSQL. */
#include <string.h>

#include "cargo.h"
#include "sql.h"
#include "test.h"
#include "work.h"

TEST(a_list_is_an_array_whatever_is_in_it, "a list is a PostgreSQL array, whatever its elements are")
{
    struct text list;
    struct work w;

    work_begin(&w, JOB, "test");
    list = sql_list(&w);
    CHECK(sql_list_empty(&list));
    sql_list_add(&list, "plain");
    sql_list_add(&list, "a,b {c}");
    sql_list_add(&list, "\"quoted\" and \\");
    sql_list_add(&list, "");
    sql_list_add(&list, "null");
    sql_list_add(&list, NULL);
    CHECK(!sql_list_empty(&list));
    CHECK_TEXT(sql_list_end(&list), "{\"plain\",\"a,b {c}\",\"\\\"quoted\\\" and \\\\\",\"\",\"null\",null}");
    work_end(&w);
}

TEST(a_statement_for_several,
     "a statement for several has a row for each, whose columns are their parameters")
{
    struct arena *a = arena_new();

    CHECK_TEXT(cargo_statement(a, "insert into t (x, y) select $1::uuid, $2 from " SQL_EACH, 2),
               "insert into t (x, y) select each.p1::uuid, each.p2 from "
               "unnest($1::text[], $2::text[]) each(p1, p2)");
    CHECK_TEXT(cargo_statement(a, "select $11 from " SQL_EACH " join v on v.id = $1", 1),
               "select each.p11 from unnest($1::text[]) each(p1) join v on v.id = each.p1");
    CHECK(!cargo_statement(a, "select $1", 1));
    CHECK(!cargo_statement(a, "select 1 from " SQL_EACH, 0));
    arena_free(a);
}

TEST(cargo_is_kept,
     "what waits for company is kept as it was, and what is heavy or not for several does not wait")
{
    char value[] = "a", *large;
    const char *values[] = {value, NULL};
    struct work w, v;

    work_begin(&w, REQUEST, "test");
    work_begin(&v, REQUEST, "test");
    CHECK(cargo_load(&w, "one", "select $1, $2 from " SQL_EACH, 2, values));
    value[0] = 'b';
    CHECK(cargo_load(&w, "two", "select $1 from " SQL_EACH, 1, values));
    CHECK_TEXT(w.cargo->values[0], "a");
    CHECK(!w.cargo->values[1]);
    CHECK_TEXT(w.cargo->next->values[0], "b");
    CHECK(!cargo_load(&w, "three", "select $1", 1, values));
    CHECK(!w.cargo->next->next);
    CHECK(cargo_load(&v, "one", "select $1, $2 from " SQL_EACH, 2, values) && !cargo_alike(w.cargo, v.cargo));
    CHECK(cargo_load(&v, "two", "select $1 from " SQL_EACH, 1, values) && cargo_alike(w.cargo, v.cargo));
    large = arena_alloc(v.arena, 20000);
    memset(large, 'x', 19999);
    large[19999] = '\0';
    values[0] = large;
    CHECK(!cargo_load(&v, "two", "select $1 from " SQL_EACH, 1, values) && cargo_alike(w.cargo, v.cargo));
    work_end(&w);
    work_end(&v);
}
