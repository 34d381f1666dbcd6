/* Input fields as rows: validation, its errors and the OpenAPI schema all come from them. */
#ifndef BACKROOM_FIELD_H
#define BACKROOM_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct work;

enum field_type {
    TEXT,     /* min…max characters (default 1…200) */
    CODE,     /* a text without white space or control characters: SKU, barcode, reference (default 1…64) */
    INTEGER,  /* min…max (default: any) */
    QUANTITY, /* an integer, default 1…1,000,000 */
    MONEY,    /* minor units, default 0…10^15 */
    CURRENCY, /* three capital letters, ISO 4217 */
    BOOLEAN,
    UUID,
    TIME,   /* RFC 3339 with an offset */
    DAY,    /* a calendar day: 2010-12-01 */
    OBJECT, /* of `fields`; any object where fields is NULL */
    LIST,   /* min…max objects of `fields` */
    TEXTS,  /* min…max texts of at most 500 characters */
};

enum { OPTIONAL, REQUIRED };

struct field {
    const char *name;
    enum field_type type;
    int presence;
    int64_t min, max;
    const struct field *fields;  /* of an OBJECT or of a LIST's rows; ends with a row of zeros */
    const char *choices;         /* "low|high" for a TEXT that is one of a few */
    const struct field *extends; /* alone in its row, which then stands for all rows of that list */
};

/* Add a fault_at() for everything that is wrong with the object; unknown members, also of nested objects, are
 * faults unless open. */
void field_check(struct work *w, const json_t *object, const struct field *fields, bool open);

/* The same for a query string's values: faults point at "?name". */
void field_check_query(struct work *w, const json_t *values, const struct field *fields);

/* Text that can be read as this type (query parameters, path variables). */
bool field_text_fits(enum field_type type, const char *text);

/* Parse JSON text strictly (RFC 8259, no duplicate keys, depth at most 32, at most 10,000 values). NULL and
 * *why on failure. The caller owns the result. */
json_t *json_parse(const char *bytes, size_t length, const char **why);
/* The same for an event, without a limit of values: an order of 1,000 lines split over warehouses has more
 * than a body may. Duplicate keys are not looked for: PostgreSQL wrote it, and that costs more than
 * parsing. */
json_t *json_parse_event(const char *bytes, size_t length, const char **why);

/* The bounds of a field's length, value or count, also where its row has none. */
struct bounds {
    int64_t min, max;
};
struct bounds field_bounds(const struct field *f);

/* The JSON Schema (2020-12) of the fields, and of one of them, owned by the caller. */
json_t *field_schema(const struct field *fields);
json_t *field_schema_one(const struct field *f);

#endif
