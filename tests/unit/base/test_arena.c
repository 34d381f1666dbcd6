/* The arena: texts built in it. */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "test.h"

/* Around a block's end, and longer than any block so far. */
TEST(a_format_of_any_length_is_whole,
     "formatted text of any length is complete, and later allocations are zeroed")
{
    struct arena *a = arena_new();
    static char line[20000];

    for (size_t n = 0; n < sizeof line - 1; n += 37) {
        char *made, *taken;

        memset(line, 'x', n);
        line[n] = '\0';
        made = arena_format(a, "%s|%d", line, 7);
        taken = arena_alloc(a, 48);
        CHECK(strlen(made) == n + 2 && strcmp(made + n, "|7") == 0);
        for (int i = 0; i < 48; i++)
            CHECK(!taken[i]);
    }
    arena_free(a);
}

TEST(a_text_grows_by_formats, "a text grows by one character or by thousands")
{
    struct arena *a = arena_new();
    struct text t = text_new(a);
    static char line[3000];
    size_t length = 0;

    memset(line, 'y', sizeof line - 1);
    for (size_t n = 0; n < sizeof line - 1; n += 211) {
        text_addf(&t, "%.*s,", (int)n, line);
        length += n + 1;
        CHECK(t.length == length && strlen(t.bytes) == length && t.bytes[length - 1] == ',');
    }
    arena_free(a);
}
