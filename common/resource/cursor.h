/* Opaque cursors of keyset pages: base64url of the last row's sort value and key, with an HMAC over them and
 * the query they belong to, so that a changed filter or a forged cursor is refused. */
#ifndef BACKROOM_CURSOR_H
#define BACKROOM_CURSOR_H

#include <stdbool.h>

struct work;

void cursor_secret(const char *secret);
const char *cursor_make(struct work *w, const char *query, const char *sort_value, const char *key);
bool cursor_read(struct work *w, const char *query, const char *cursor, const char **sort_value,
                 const char **key);

#endif
