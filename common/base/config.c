#include "config.h"

#include <stdlib.h>

const char *config_text(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value && *value ? value : otherwise;
}

long config_int(const char *name, long otherwise)
{
    const char *value = getenv(name);
    char *end;
    long n = value ? strtol(value, &end, 10) : 0;

    return value && *value && !*end ? n : otherwise;
}
