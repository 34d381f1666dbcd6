#include "trace.h"

#include <string.h>

#include "arena.h"

static int is_hex(const char *s, size_t n)
{
    return strspn(s, "0123456789abcdef") >= n;
}

const char *trace_of(struct arena *a, const char *t)
{
    if (!t || strlen(t) != 55 || t[2] != '-' || t[35] != '-' || t[52] != '-')
        return NULL;
    if (!is_hex(t, 2) || !is_hex(t + 3, 32) || !is_hex(t + 36, 16) || !is_hex(t + 53, 2) ||
        !strncmp(t, "ff", 2))
        return NULL;
    if (strspn(t + 3, "0") >= 32 || strspn(t + 36, "0") >= 16)
        return NULL;
    return arena_copy(a, t + 3, 32);
}
