/* The version gate: which of the events that came are the next of their aggregates. Plain values. Inside common/ only. */
#ifndef BACKROOM_VERSION_GATE_H
#define BACKROOM_VERSION_GATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum verdict { UNKNOWN, APPLY, SKIP, GAP, POISON, LATER };

struct incoming_event {
    json_t *envelope;
    const char *aggregate, *id;
    int64_t version;
    size_t place; /* in order of arrival */
    int64_t last; /* the version that its aggregate had reached before */
    bool fresh;   /* its aggregate's cursor was made for these events, where they lead to */
    enum verdict verdict;
};

/* By aggregate and id (bytes, as strcmp), those of one aggregate by version: redelivery may have shuffled them. */
void version_gate_sort(struct incoming_event *events, size_t n);
/* Does another aggregate begin with this one of the sorted events? */
bool version_gate_begins(const struct incoming_event *events, size_t i);
/* The version that the first aggregate of the sorted events comes to when nothing was heard of it before. */
int64_t version_gate_leads_to(const struct incoming_event *events, size_t n);

/*
 * Sets `verdict` of the sorted events: what was heard before is skipped, the next are applied, after a gap they wait. A
 * second copy is skipped only beside a first that is applied: it may be the same message, and acknowledging one
 * acknowledges both. `place` changes, too: in order of arrival, but those of one aggregate by version.
 */
void version_gate_decide(struct incoming_event *events, size_t n);

#endif
