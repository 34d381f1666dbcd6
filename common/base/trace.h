/* W3C Trace Context: the trace id goes from the HTTP request through the event to whoever hears of it. */
#ifndef BACKROOM_TRACE_H
#define BACKROOM_TRACE_H

struct arena;

/* The 32 digits of a traceparent ("00-<32>-<16>-<2>", lower case), NULL when absent or malformed. */
const char *trace_of(struct arena *a, const char *traceparent);

#endif
