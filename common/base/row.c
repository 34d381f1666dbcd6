#include "row.h"

#include <string.h>

const void *row_find(const void *table, size_t size, size_t member, const char *text)
{
    const char *const *cell;

    for (const char *row = table; row && text; row += size) {
        cell = (const char *const *)(const void *)(row + member);
        if (!*cell)
            return NULL;
        if (strcmp(*cell, text) == 0)
            return row;
    }
    return NULL;
}
