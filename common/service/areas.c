#include "areas.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"
#include "short_forms.h"

/* A kind of table: where struct area has it, how large its rows are, and which columns identify its rows.
 * Every row begins with a text, which is NULL in the row of zeros at the end. */
static const struct kind {
    const char *word;
    size_t table, size, name, name_too;
} kinds[] = {
    {"route", offsetof(struct area, routes), sizeof(struct route), offsetof(struct route, path),
     offsetof(struct route, method)},
    {"resource", offsetof(struct area, resources), sizeof(struct resource), offsetof(struct resource, name),
     offsetof(struct resource, name)},
    {"consumer", offsetof(struct area, consumers), sizeof(struct consumer), offsetof(struct consumer, name),
     offsetof(struct consumer, name)},
    {"deadline", offsetof(struct area, deadlines), sizeof(struct deadline), offsetof(struct deadline, kind),
     offsetof(struct deadline, kind)},
    {"schedule", offsetof(struct area, schedules), sizeof(struct schedule), offsetof(struct schedule, name),
     offsetof(struct schedule, name)},
    {"gauge", offsetof(struct area, gauges), sizeof(struct own_gauge), offsetof(struct own_gauge, name),
     offsetof(struct own_gauge, name)},
    {"import", offsetof(struct area, imports), sizeof(struct import_kind), offsetof(struct import_kind, name),
     offsetof(struct import_kind, name)},
    {"constraint", offsetof(struct area, constraints), sizeof(struct constraint),
     offsetof(struct constraint, name), offsetof(struct constraint, name)},
};

static const char *text_at(const char *row, size_t offset)
{
    return *(const char *const *)(row + offset);
}

/* The table of this kind that an area has: its member, whatever its type. */
static const char *table_of(const struct area *area, const struct kind *kind)
{
    return text_at((const char *)area, kind->table);
}

static size_t count_rows(const char *table, size_t size)
{
    size_t n = 0;

    while (table && text_at(table, n * size))
        n++;
    return n;
}

static void append(const char *service, const struct kind *kind, char *table, size_t *n, const char *row)
{
    for (const char *other = table; other < table + *n * kind->size; other += kind->size) {
        if (strcmp(text_at(other, kind->name), text_at(row, kind->name)) != 0 ||
            strcmp(text_at(other, kind->name_too), text_at(row, kind->name_too)) != 0)
            continue;
        fprintf(stderr, "%s: two areas have the %s %s\n", service, kind->word, text_at(row, kind->name));
        abort();
    }
    memcpy(table + (*n)++ * kind->size, row, kind->size);
}

/* NULL where no area has a row. */
static char *join(const char *service, const struct area *const *areas, const struct kind *kind)
{
    size_t total = 0, n = 0;
    char *table;

    for (const struct area *const *area = areas; *area; area++)
        total += count_rows(table_of(*area, kind), kind->size);
    if (!total)
        return NULL;
    table = calloc(total + 1, kind->size);
    if (!table)
        abort();
    for (const struct area *const *area = areas; *area; area++) {
        const char *row = table_of(*area, kind);

        for (; row && text_at(row, 0); row += kind->size)
            append(service, kind, table, &n, row);
    }
    return table;
}

/* The areas, and one of imports if one of them has any. */
static const struct area **with_imports(const struct area *const *areas)
{
    static const struct area imports = {.name = "imports", .resources = import_resources};
    const struct area **list;
    size_t n = 0;
    bool some = false;

    while (areas[n])
        some |= areas[n++]->imports != NULL;
    list = calloc(n + 2, sizeof *list);
    if (!list)
        abort();
    memcpy(list, areas, n * sizeof *list);
    list[n] = some ? &imports : NULL;
    return list;
}

struct area areas_join(const char *service, const struct area *const *areas)
{
    const struct area **list = with_imports(areas);
    struct area all = {.name = service};

    for (size_t i = 0; i < COUNT(kinds); i++) {
        char *table = join(service, list, &kinds[i]);

        memcpy((char *)&all + kinds[i].table, &table, sizeof table);
    }
    free(list);
    short_forms_write_out(&all);
    return all;
}
