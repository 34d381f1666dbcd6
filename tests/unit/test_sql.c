/* What is given to PostgreSQL as one value. */
#include "service.h"
#include "sql.h"
#include "test.h"
#include "work.h"

TEST(a_list_is_an_array_whatever_is_in_it, "a list is an array of PostgreSQL, whatever is in it")
{
    static const struct service nobody;
    struct text list;
    struct work w;

    work_begin(&w, &nobody, JOB, "test");
    list = sql_list(&w);
    CHECK(sql_list_empty(&list));
    sql_list_add(&list, "plain");
    sql_list_add(&list, "a,b {c}");
    sql_list_add(&list, "\"quoted\" and \\");
    sql_list_add(&list, "");
    sql_list_add(&list, "null");
    CHECK(!sql_list_empty(&list));
    CHECK_TEXT(sql_list_end(&list), "{\"plain\",\"a,b {c}\",\"\\\"quoted\\\" and \\\\\",\"\",\"null\"}");
    work_end(&w);
}
