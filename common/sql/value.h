/* Converts values from PostgreSQL to C and back. */
#ifndef BACKROOM_VALUE_H
#define BACKROOM_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

struct pg_result;
struct work;

size_t sql_height(const struct pg_result *result);
const char *sql_text(const struct pg_result *result, int row, int column); /* NULL for SQL null */
int64_t sql_int(const struct pg_result *result, int row, int column);
bool sql_bool(const struct pg_result *result, int row, int column);
/* NOT_FOUND unless the result has a row. */
int sql_only_row(struct work *w, const struct pg_result *result);
const char *sql_from_int(struct work *w, int64_t value);

/* An array, to be given as one value: begin, add (NULL is one of its values, too), end. */
struct text sql_list(struct work *w);
void sql_list_add(struct text *list, const char *value);
bool sql_list_empty(const struct text *list);
const char *sql_list_end(struct text *list);

#endif
