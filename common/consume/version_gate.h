/* The version gate: decides which of the delivered events are the next of their aggregates. Plain values.
 * Inside common/ only. */
#ifndef BACKROOM_VERSION_GATE_H
#define BACKROOM_VERSION_GATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum verdict { UNKNOWN, APPLY, SKIP, GAP, POISON };

struct incoming_event {
    json_t *envelope;
    const char *aggregate, *id;
    int64_t version;
    size_t place; /* in order of arrival */
    int64_t last; /* the version that its aggregate had reached before */
    bool fresh;   /* its aggregate's cursor was created for these events, at the version that they lead to */
    enum verdict verdict;
    bool rewinds; /* its aggregate is replayed from here on, whatever was applied before */
};

/* Sorts by aggregate and id (bytes, as strcmp), those of one aggregate by version: redelivery may have
 * shuffled them. */
void version_gate_sort(struct incoming_event *events, size_t n);
/* Does another aggregate begin with this one of the sorted events? */
bool version_gate_begins(const struct incoming_event *events, size_t i);
/* Does this event need no cursor: is it the first of its aggregate, or of a replay of it? */
bool version_gate_opens(const struct incoming_event *event);
/* The version that the first aggregate of the sorted events reaches, where its first one needs no cursor. */
int64_t version_gate_leads_to(const struct incoming_event *events, size_t n);

/*
 * Sets `verdict` of the sorted events: what was applied before is skipped, the next are applied, after a gap
 * they wait. A second copy is skipped only beside a first that is applied: it may be the same message, and
 * acknowledging one acknowledges both. `place` changes, too: it is the order of arrival, but those of one
 * aggregate by version.
 */
void version_gate_decide(struct incoming_event *events, size_t n);

#endif
