/* W3C Trace Context: the trace id is passed from the HTTP request to its events and to their consumers. */
#ifndef BACKROOM_TRACE_H
#define BACKROOM_TRACE_H

struct arena;

/* The 32 digits of a traceparent ("00-<32>-<16>-<2>", lower case), NULL when absent or malformed. */
const char *trace_of(struct arena *a, const char *traceparent);

#endif
