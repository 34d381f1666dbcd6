/*
 * Imports files of rows (C-7, O-13, A-1, A-2), batch by batch, as a job that any instance can continue. A
 * service declares its kinds of imports as rows: fields and one handler for a batch. Uploads and refused rows
 * are described in docs/how-to/import-history.md.
 */
#ifndef BACKROOM_IMPORT_H
#define BACKROOM_IMPORT_H

#include "field.h"
#include "resource.h"
#include "route.h"

struct batch;
struct work;

/*
 * The handler gets a batch whose rows fit the fields. It first looks and refuses what cannot be (every fault
 * of every row), then writes what is good, set-based. It runs again after a failure, and one row at a time
 * when a whole batch does not go in: what then fails is refused with its code.
 */
struct import_kind {
    const char *name;  /* "orders" */
    const char *scope; /* what the caller's roles must grant besides imports:write */
    const struct field *fields;
    int (*handler)(struct work *w, struct batch *b);
};

enum { BATCH_ROWS = 500 };

size_t batch_size(const struct batch *b);
/* A row, read only. */
const json_t *batch_row(const struct batch *b, size_t i);
/* Is it neither refused nor known? */
bool batch_good(const struct batch *b, size_t i);
/* Refuse a row for what fault_at() has gathered since; nothing where it has gathered nothing. */
void batch_refuse(struct work *w, struct batch *b, size_t i);
/* The same row came in before: nothing is to be done, and nothing is wrong. */
void batch_known(struct batch *b, size_t i);
/* The rows that are good so far, as a JSON list of {"i": place in the batch, "doc": {…}}. */
const char *batch_json(struct work *w, const struct batch *b);
/* The same as a list of {"id": a new one, "doc": {…}}; NULL if there is none. */
const char *batch_new_json(struct work *w, const struct batch *b);

/* What every service with an import kind has: GET /v1/imports, one import and its timeline; and the routes
 * of uploads. */
extern const struct resource import_resources[];
extern const struct route import_routes[];

/* The service's kinds; NULL: it has none, and no thread is started. */
void import_start(const struct import_kind *kinds);

#endif
