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
        MUST(r.segment_count <= SEGMENTS_MAX && r.query_count <= QUERY_MAX);
        for (int i = 0; i < r.segment_count; i++)
            MUST(utf8_valid(r.segments[i], strlen(r.segments[i])));
        for (int i = 0; i < r.query_count; i++) {
            MUST(utf8_valid(r.query[i].name, strlen(r.query[i].name)));
            MUST(utf8_valid(r.query[i].value, strlen(r.query[i].value)));
            MUST(request_query_var(&r, r.query[i].name) == r.query[i].value);
        }
    }
    work_end(&w);
    return 0;
}
