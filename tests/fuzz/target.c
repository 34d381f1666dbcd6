/* A request target: the result is decoded, valid UTF-8, and has each name once. */
#include "fuzz.h"
#include "request.h"
#include "utf8.h"
#include "work.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct request r = {0};
    struct work w;

    work_begin(&w, REQUEST, "fuzz");
    if (!request_target(&w, &r, text_of(&w, bytes, length))) {
        MUST(r.segment_count <= SEGMENTS_MAX && w.var_count <= QUERY_MAX);
        for (int i = 0; i < r.segment_count; i++)
            MUST(utf8_valid(r.segments[i], strlen(r.segments[i])));
        for (int i = 0; i < w.var_count; i++) {
            MUST(utf8_valid(w.vars[i].name, strlen(w.vars[i].name)));
            MUST(utf8_valid(w.vars[i].value, strlen(w.vars[i].value)));
            MUST(query_var(&w, w.vars[i].name) == w.vars[i].value);
        }
    }
    work_end(&w);
    return 0;
}
