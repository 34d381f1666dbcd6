#include "value.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "work.h"

size_t sql_height(const PGresult *r)
{
    return (size_t)PQntuples(r);
}

const char *sql_text(const PGresult *r, int row, int column)
{
    return PQgetisnull(r, row, column) ? NULL : PQgetvalue(r, row, column);
}

int64_t sql_int(const PGresult *r, int row, int column)
{
    return strtoll(PQgetvalue(r, row, column), NULL, 10);
}

bool sql_bool(const PGresult *r, int row, int column)
{
    return PQgetvalue(r, row, column)[0] == 't';
}

int sql_only_row(struct work *w, const PGresult *r)
{
    return PQntuples(r) > 0 ? OK : not_found(w);
}

const char *sql_from_int(struct work *w, int64_t value)
{
    return textf(w, "%" PRId64, value);
}

struct text sql_list(struct work *w)
{
    struct text list = text_new(w->arena);

    text_add_bytes(&list, "{", 1);
    return list;
}

void sql_list_add(struct text *list, const char *value)
{
    if (!value) {
        text_add(list, sql_list_empty(list) ? "null" : ",null");
        return;
    }
    text_add(list, sql_list_empty(list) ? "\"" : ",\"");
    for (size_t plain; *value; value += plain) {
        plain = strcspn(value, "\"\\");
        text_add_bytes(list, value, plain);
        if (value[plain]) {
            text_add_bytes(list, "\\", 1);
            text_add_bytes(list, value + plain++, 1);
        }
    }
    text_add_bytes(list, "\"", 1);
}

bool sql_list_empty(const struct text *list)
{
    return list->length == 1;
}

const char *sql_list_end(struct text *list)
{
    text_add_bytes(list, "}", 1);
    return list->bytes;
}
