/* The runner's data of a batch of imported rows. */
#ifndef BACKROOM_BATCH_H
#define BACKROOM_BATCH_H

#include "import.h"
#include "work.h"

struct batch_row {
    json_t *data;       /* NULL: it could not be read */
    const char *raw;    /* then: as it came, what is not UTF-8 replaced */
    const char *faults; /* JSON, without brackets; NULL for none */
    bool known;
};

struct batch {
    struct batch_row rows[BATCH_ROWS];
    size_t n, refused, known;
};

/* Take a row that was read, or that could not be. The batch owns data until the work's arena goes. */
void batch_add(struct work *w, struct batch *b, const struct field *fields, json_t *data);
void batch_add_broken(struct work *w, struct batch *b, const char *bytes, size_t length, const char *why);
/* The refused rows as they are kept; first is the number of the batch's first row. NULL for none. */
const char *batch_refused_json(struct work *w, const struct batch *b, int64_t first);

/* May the caller hand in files of this kind? */
int import_may(struct work *w, const char *kind);
void import_kinds(const struct import_kind *rows);
const struct import_kind *import_kind_named(const char *name);
/* GET /v1/imports/{id}/refused. */
extern const struct field import_refused_fields[];
int import_refused(struct work *w);

#endif
