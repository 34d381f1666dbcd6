/* The short forms of rows (short_forms.h) and the joining of areas (areas.h). */
#include "areas.h"
#include "short_forms.h"
#include "test.h"

static const struct field inner_fields[] = {{"city", TEXT}, {0}};
static const struct field base_fields[] = {
    {"name", TEXT, REQUIRED, 1, 40}, {"home", OBJECT, .fields = inner_fields}, {0}};
static const struct field wide_fields[] = {{.extends = base_fields}, {"status", TEXT}, {0}};
static const struct field widest_fields[] = {{"id", UUID}, {.extends = wide_fields}, {0}};

TEST(fields_that_extend_are_written_out, "fields that extend a list have its rows in their place")
{
    const struct field *all = fields_written_out(widest_fields);

    CHECK_TEXT(all[0].name, "id");
    CHECK_TEXT(all[1].name, "name");
    CHECK(all[1].presence == REQUIRED && all[1].max == 40);
    CHECK_TEXT(all[2].name, "home");
    CHECK_TEXT(all[2].fields[0].name, "city");
    CHECK_TEXT(all[3].name, "status");
    CHECK(!all[4].name);
    CHECK(!fields_written_out(NULL));
}

TEST(a_filter_without_sql_is_equality, "a filter without SQL is equality with the column of its name")
{
    static const struct filter filters[] = {
        {"status", TEXT}, {"order_id", UUID}, {"since", TIME, "at >= ?::timestamptz"}, {0}};
    const struct filter *all = filters_written_out(filters);

    CHECK_TEXT(all[0].where, "status = ?::text");
    CHECK_TEXT(all[1].where, "order_id = ?::uuid");
    CHECK_TEXT(all[2].where, "at >= ?::timestamptz");
    CHECK(!all[3].name);
}

TEST(a_step_from_several_statuses_is_one_row_each, "a step from several statuses is one row for each of them")
{
    static const struct step flow[] = {
        {"new|open", "close", "closed", NULL, "x.closed"}, {ANY, "note", SAME, NULL, "x.noted"}, {0}};
    const struct step *all = flow_written_out(flow);

    CHECK_TEXT(all[0].from, "new");
    CHECK_TEXT(all[1].from, "open");
    CHECK_TEXT(all[1].to, "closed");
    CHECK(flow_find(all, "closed", "note") && !flow_find(all, "closed", "close"));
    CHECK_TEXT(flow_find(all, "closed", "note")->to, "closed");
    CHECK_TEXT(flow_find(all, "new", "note")->event, "x.noted");
    CHECK(!all[5].from);
}

static int nothing(struct work *w)
{
    (void)w;
    return OK;
}

TEST(the_tables_of_areas_are_joined, "the tables of all areas are joined in the order of the areas")
{
    static const struct deadline firsts[] = {{"a", nothing}, {0}},
                                 seconds[] = {{"b", nothing}, {"c", nothing}, {0}};
    static const struct area one = {.name = "one", .deadlines = firsts}, none = {.name = "none"},
                             two = {.name = "two", .deadlines = seconds};
    static const struct area *const areas[] = {&one, &none, &two, NULL};
    struct area all = areas_join("test", areas);

    CHECK_TEXT(all.deadlines[0].kind, "a");
    CHECK_TEXT(all.deadlines[1].kind, "b");
    CHECK_TEXT(all.deadlines[2].kind, "c");
    CHECK(!all.deadlines[3].kind);
    CHECK(!all.routes && !all.resources);
}
