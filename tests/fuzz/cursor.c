/* A cursor: only cursors of this service are accepted, and each is read as it was made. */
#include "cursor.h"
#include "fuzz.h"
#include "utf8.h"
#include "work.h"

static void round_trip(struct work *w, const char *text)
{
    const char *cursor, *value, *key;
    size_t half = strlen(text) / 2;
    char *first = arena_copy(w->arena, text, half);

    if (!utf8_valid(first, half) || !utf8_valid(text + half, strlen(text + half)))
        return;
    cursor = cursor_make(w, "q=1", first, text + half);
    MUST(strspn(cursor, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") ==
         strlen(cursor));
    MUST(cursor_read(w, "q=1", cursor, &value, &key));
    MUST(!strcmp(value, first) && !strcmp(key, text + half));
    MUST(!cursor_read(w, "q=2", cursor, &value, &key));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const char *value, *key;
    struct work w;

    work_begin(&w, REQUEST, "fuzz");
    cursor_secret("a secret that the fuzzer does not guess");
    MUST(!cursor_read(&w, "q=1", text_of(&w, bytes, length), &value, &key));
    round_trip(&w, text_of(&w, bytes, length));
    work_end(&w);
    return 0;
}
