/*
 * Events that were published and are not written down yet. A thread of its own takes in what the stream answers and writes it into
 * the event log, in order and at a pace, so that nothing waits meanwhile to be published. Inside common/ only, for the relay.
 */
#ifndef BACKROOM_MARKS_H
#define BACKROOM_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct work;

/* Two looks of the relay. */
enum { MARKS_MAX = 1024 };

void marks_start(void);
/* Writes what is answered. */
void marks_stop(void);

/* How many more there is room for. */
size_t marks_room(void);
/* It is about to be published; hash: 64 hexadecimal digits. Returns the number by which it will be answered. */
uint64_t marks_add(int64_t no, int64_t position, const char *hash);
/* Those that are not written down, as an array of PostgreSQL. */
const char *marks_list(struct work *w);

/* One of them was refused, not answered in time, or could not be written down: then they are to be forgotten. */
bool marks_lost(void);
/* What is not written down is nobody's any more: it is to be published again. */
void marks_forget(void);

/* Write what was answered; then nothing is written until it is released, as the stream is looked at or left. */
void marks_hold(void);
void marks_release(bool forget);

#endif
