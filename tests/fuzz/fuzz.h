/* A fuzz target is one parser of ours, fed with whatever bytes; what must hold of its answer is asserted. Built with
 * FUZZ it explores (libFuzzer), otherwise it replays files (replay.c). */
#ifndef BACKROOM_FUZZ_H
#define BACKROOM_FUZZ_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "work.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Like assert(), but in every build. */
#define MUST(what)                                                                                           \
    do {                                                                                                     \
        if (!(what))                                                                                         \
            abort();                                                                                         \
    } while (0)

/* The bytes as a C string, as the parsers of text get theirs. */
static inline char *text_of(struct work *w, const uint8_t *bytes, size_t length)
{
    return arena_copy(w->arena, (const char *)bytes, length);
}

#endif
