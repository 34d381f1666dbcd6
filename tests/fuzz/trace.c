/* A traceparent: 32 hexadecimal digits or nothing. */
#include "trace.h"

#include "fuzz.h"
#include "work.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct work w;
    const char *trace;

    work_begin(&w, REQUEST, "fuzz");
    trace = trace_of(w.arena, text_of(&w, bytes, length));
    MUST(!trace || (strlen(trace) == 32 && strspn(trace, "0123456789abcdef") == 32));
    work_end(&w);
    return 0;
}
