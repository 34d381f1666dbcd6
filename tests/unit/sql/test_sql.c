/* Values and statements for PostgreSQL. */
#include <string.h>

#include "orders_sql.h"
#include "row.h"
#include "sql.h"
#include "test.h"
#include "transaction_state.h"
#include "work.h"
#include "write_batch.h"

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

TEST(a_query_is_generated_for_one_request_and_for_several,
     "a batched query is generated for one request and for several, whose parameters are arrays")
{
    const struct query *q = row_named(orders_queries, "payment_insert");

    CHECK_TEXT(q->sql, "insert into payment (order_id, method, amount, reference, actor) "
                       "select $1::uuid, $2, $3::bigint, $4, $5 from (select) batch");
    CHECK_TEXT(q->batched, "insert into payment (order_id, method, amount, reference, actor) "
                           "select batch.p1::uuid, batch.p2, batch.p3::bigint, batch.p4, batch.p5 "
                           "from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) "
                           "with ordinality batch(p1, p2, p3, p4, p5, row_no)");
    q = row_named(orders_queries, "order_by_ref");
    CHECK(q && !q->batched);
}

TEST(a_statement_of_a_tables_rows_has_both_texts, "a statement that is made at run time has both texts, too")
{
    const struct query *q;
    struct work w;

    work_begin(&w, JOB, "test");
    q = sql_batched_text(&w, 2, "insert into t (x, y) select batch.p1::uuid, batch.p2 from ", " where true");
    CHECK_TEXT(q->sql, "insert into t (x, y) select batch.p1::uuid, batch.p2 "
                       "from (select $1::text as p1, $2::text as p2, 1 as row_no) batch where true");
    CHECK_TEXT(q->batched,
               "insert into t (x, y) select batch.p1::uuid, batch.p2 "
               "from unnest($1::text[], $2::text[]) with ordinality batch(p1, p2, row_no) where true");
    work_end(&w);
}

static const struct query one = {"one", 2, "select $1, $2", "select"},
                          two = {"two", 1, "select $1", "select"}, three = {"three", 1, "select $1", NULL};

TEST(queued_statements_are_kept,
     "a queued statement has a copy of its values; one that cannot be batched, or is large, is not queued")
{
    char value[] = "a", *large;
    const char *values[] = {value, NULL};
    const struct queued_statement *first;
    struct work w;

    work_begin(&w, REQUEST, "test");
    CHECK(write_batch_add(&w, &one, values, NULL, NULL));
    value[0] = 'b';
    CHECK(write_batch_add(&w, &two, values, NULL, NULL));
    first = w.transaction->queued;
    CHECK_TEXT(first->values[0], "a");
    CHECK(!first->values[1]);
    CHECK_TEXT(first->next->values[0], "b");
    CHECK(!write_batch_add(&w, &three, values, NULL, NULL));
    large = arena_alloc(w.arena, 20000);
    memset(large, 'x', 19999);
    values[0] = large;
    CHECK(!write_batch_add(&w, &two, values, NULL, NULL));
    CHECK(!first->next->next);
    work_end(&w);
}

TEST(the_same_statements_have_the_same_shape,
     "works with the same statements in the same order have the same shape")
{
    const char *values[] = {"a", "b"};
    struct work w, v;

    work_begin(&w, REQUEST, "test");
    work_begin(&v, REQUEST, "test");
    write_batch_add(&w, &one, values, NULL, NULL);
    write_batch_add(&w, &two, values, NULL, NULL);
    write_batch_add(&v, &one, values, NULL, NULL);
    CHECK(!write_batch_same_shape(&w, &v));
    write_batch_add(&v, &two, values + 1, NULL, NULL);
    CHECK(write_batch_same_shape(&w, &v));
    work_end(&w);
    work_end(&v);
}
