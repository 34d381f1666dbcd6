/* Migrates a service's schema; the first instance that starts does it. */
#ifndef BACKROOM_MIGRATE_H
#define BACKROOM_MIGRATE_H

#include <stdbool.h>
#include <stddef.h>

/* One file of sql/migrations, in the order of names; checksum is the SHA-256 of its text. */
struct migration {
    const char *name, *checksum, *sql;
};

/* Apply what is missing, each in a transaction of its own, under a lock that is polled, never waited for.
 * False, with a log line, when a file changed after it was applied or cannot be applied. */
bool migrate(const char *schema, const struct migration *common, const struct migration *service);

#endif
