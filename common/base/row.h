/* Finds the row of a table by a text column. A table ends with a row of zeros. */
#ifndef BACKROOM_ROW_H
#define BACKROOM_ROW_H

#include <stddef.h>

/* The row of `table` whose member `name` is this text; NULL if there is none, the table is NULL, or the text
 * is. */
#define row_named(table, text) row_by(table, name, text)
/* The same by another member. */
#define row_by(table, member, text)                                                                          \
    ((__typeof__(&*(table)))row_find(table, sizeof *(table), offsetof(__typeof__(*(table)), member), text))

/* Behind both: `member` is the offset of a const char * in a row of `size` bytes. */
const void *row_find(const void *table, size_t size, size_t member, const char *text);

#endif
