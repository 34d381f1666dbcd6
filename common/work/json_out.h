/*
 * Writes JSON into a text, value by value, without a tree: commas, quotes and escapes are put where they
 * belong.
 *
 *     struct text out = text_new(w->arena);
 *
 *     json_begin_list(&out, NULL);
 *     json_begin_object(&out, NULL);
 *     json_add_text(&out, "sku", sku);
 *     json_add_int(&out, "quantity", quantity);
 *     json_end_object(&out);
 *     json_end_list(&out);
 *
 * name is the member's in an object, a plain word; NULL in a list and for the document itself.
 */
#ifndef BACKROOM_JSON_OUT_H
#define BACKROOM_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"

void json_begin_object(struct text *out, const char *name);
void json_end_object(struct text *out);
void json_begin_list(struct text *out, const char *name);
void json_end_list(struct text *out);

/* value NULL: null. */
void json_add_text(struct text *out, const char *name, const char *value);
void json_add_int(struct text *out, const char *name, int64_t value);
void json_add_bool(struct text *out, const char *name, bool value);
/* json: JSON text as it is, NULL: null. */
void json_add_json(struct text *out, const char *name, const char *json);

#endif
