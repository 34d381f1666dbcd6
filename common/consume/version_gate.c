#include "version_gate.h"

#include <stdlib.h>
#include <string.h>

static int by_aggregate(const struct incoming_event *a, const struct incoming_event *b)
{
    int order = strcmp(a->aggregate, b->aggregate);

    return order ? order : strcmp(a->id, b->id);
}

static int by_version(const void *one, const void *other)
{
    const struct incoming_event *a = one, *b = other;
    int order = by_aggregate(a, b);

    if (order)
        return order;
    if (a->version != b->version)
        return a->version < b->version ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

void version_gate_sort(struct incoming_event *events, size_t n)
{
    qsort(events, n, sizeof *events, by_version);
}

bool version_gate_begins(const struct incoming_event *events, size_t i)
{
    return i == 0 || by_aggregate(&events[i - 1], &events[i]) != 0;
}

bool version_gate_opens(const struct incoming_event *event)
{
    return event->version == 1 || event->rewinds;
}

int64_t version_gate_leads_to(const struct incoming_event *events, size_t n)
{
    int64_t reached = events[0].rewinds ? events[0].version - 1 : 0;

    for (size_t i = 0; i < n && (i == 0 || !version_gate_begins(events, i)); i++)
        reached += events[i].version == reached + 1;
    return reached;
}

/* Sets the verdicts of one aggregate's events. */
static void decide_one(struct incoming_event *events, size_t n)
{
    int64_t reached = events[0].rewinds ? events[0].version - 1 : events[0].last;

    for (size_t i = 0; i < n; i++) {
        struct incoming_event *e = &events[i];

        if (e->version <= reached) {
            e->verdict = SKIP;
        } else if (e->version == reached + 1) {
            e->verdict = APPLY;
            reached++;
        } else {
            e->verdict = GAP;
        }
    }
}

/* Gives one aggregate's events the places that they had together, by version. n is small, or they arrived in
 * order. */
static void order_places(struct incoming_event *events, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        size_t place = events[i].place, at = i;

        for (; at > 0 && events[at - 1].place > place; at--)
            events[at].place = events[at - 1].place;
        events[at].place = place;
    }
}

void version_gate_decide(struct incoming_event *events, size_t n)
{
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && !version_gate_begins(events, end);)
            end++;
        decide_one(events + i, end - i);
        order_places(events + i, end - i);
    }
}
