/*
 * Computes deadlines in business time. PostgreSQL turns weekly hours and holidays into moments,
 * because it knows every zone's offsets and the process does not change its own; what is then counted is
 * plain arithmetic.
 */
#ifndef BACKROOM_CALENDAR_H
#define BACKROOM_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct work;

/* Open from one moment to another, in seconds of Unix time. */
struct span {
    int64_t opens, closes;
};

struct calendar {
    int64_t now;
    struct span *spans; /* rising; they may touch or overlap */
    size_t count;
};

/* The moment at which so many open seconds have passed since start, -1 if the spans are too few. */
int64_t calendar_due(const struct calendar *c, int64_t start, int64_t seconds);

/* Minutes of "09:30" since midnight, up to "24:00"; -1 if it is no time of day. */
int calendar_minutes(const char *text);

/* The shop's time zone, by its name in the IANA database: where its days begin. */
const char *calendar_zone(void);

/* The service's calendar for the next months, read once. */
int calendar_read(struct work *w, struct calendar *c);
/* RFC 3339: so many open seconds from now. A calendar that never opens counts every second: work is never
 * endless. */
const char *calendar_after(struct work *w, const struct calendar *c, int64_t seconds);

#endif
