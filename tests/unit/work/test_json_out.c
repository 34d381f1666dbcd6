/* JSON written piece by piece (json_out.h). */
#include "json_out.h"
#include "test.h"

TEST(json_is_written_piece_by_piece, "JSON is written with its commas, quotes and escapes")
{
    struct arena *a = arena_new();
    struct text out = text_new(a);

    json_begin_list(&out, NULL);
    json_begin_object(&out, NULL);
    json_add_text(&out, "name", "a \"b\"");
    json_add_text(&out, "none", NULL);
    json_add_int(&out, "n", -3);
    json_add_bool(&out, "good", true);
    json_add_json(&out, "doc", "{\"x\":1}");
    json_begin_list(&out, "empty");
    json_end_list(&out);
    json_begin_list(&out, "ids");
    json_add_text(&out, NULL, "1");
    json_add_text(&out, NULL, "2");
    json_end_list(&out);
    json_end_object(&out);
    json_begin_object(&out, NULL);
    json_end_object(&out);
    json_end_list(&out);
    CHECK_TEXT(out.bytes, "[{\"name\":\"a \\\"b\\\"\",\"none\":null,\"n\":-3,\"good\":true,\"doc\":{\"x\":1},"
                          "\"empty\":[],\"ids\":[\"1\",\"2\"]},{}]");
    arena_free(a);
}
