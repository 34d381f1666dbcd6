#include "batch.h"

#include <inttypes.h>

#include "json_out.h"

size_t batch_size(const struct batch *b)
{
    return b->n;
}

const json_t *batch_row(const struct batch *b, size_t i)
{
    return b->rows[i].data;
}

bool batch_good(const struct batch *b, size_t i)
{
    return !b->rows[i].faults && !b->rows[i].known;
}

void batch_known(struct batch *b, size_t i)
{
    b->known += batch_good(b, i);
    b->rows[i].known = true;
}

void batch_refuse(struct work *w, struct batch *b, size_t i)
{
    struct batch_row *row = &b->rows[i];

    if (!w->error_count)
        return;
    b->refused += !row->faults;
    row->faults = row->faults ? textf(w, "%s,%s", row->faults, w->errors.bytes) : w->errors.bytes;
    w->errors = text_new(w->arena);
    w->error_count = 0;
}

void batch_add(struct work *w, struct batch *b, const struct field *fields, json_t *data)
{
    b->rows[b->n] = (struct batch_row){.data = json_owned(w, data)};
    field_check(w, data, fields, false);
    batch_refuse(w, b, b->n++);
}

/* Bytes that are no UTF-8 cannot be kept as text: they become question marks. */
static const char *legible(struct work *w, const char *bytes, size_t length)
{
    char *s = arena_copy(w->arena, bytes, length);
    json_t *text = json_stringn(s, length);

    for (size_t i = 0; i < length; i++) {
        if (!s[i] || (!text && (unsigned char)s[i] >= 0x80))
            s[i] = '?';
    }
    json_decref(text);
    while (length && (s[length - 1] == '\n' || s[length - 1] == '\r'))
        s[--length] = '\0';
    return s;
}

void batch_add_broken(struct work *w, struct batch *b, const char *bytes, size_t length, const char *why)
{
    b->rows[b->n] = (struct batch_row){.raw = legible(w, bytes, length)};
    fault_at(w, "", "import.row_malformed", "%s", why);
    batch_refuse(w, b, b->n++);
}

const char *batch_json(struct work *w, const struct batch *b)
{
    struct text t = text_new(w->arena);

    text_add(&t, "[");
    for (size_t i = 0; i < b->n; i++) {
        if (batch_good(b, i))
            text_addf(&t, "%s{\"i\":%zu,\"doc\":%s}", t.length > 1 ? "," : "", i,
                      json_text(w, b->rows[i].data));
    }
    text_add(&t, "]");
    return t.bytes;
}

const char *batch_new_json(struct work *w, const struct batch *b)
{
    struct text out = text_new(w->arena);
    bool some = false;

    json_begin_list(&out, NULL);
    for (size_t i = 0; i < b->n; i++) {
        if (!batch_good(b, i))
            continue;
        json_begin_object(&out, NULL);
        json_add_text(&out, "id", new_id(w));
        json_add_json(&out, "doc", json_text(w, b->rows[i].data));
        json_end_object(&out);
        some = true;
    }
    json_end_list(&out);
    return some ? out.bytes : NULL;
}

const char *batch_refused_json(struct work *w, const struct batch *b, int64_t first)
{
    struct text t = text_new(w->arena);

    if (!b->refused)
        return NULL;
    text_add(&t, "[");
    for (size_t i = 0; i < b->n; i++) {
        const struct batch_row *row = &b->rows[i];

        if (!row->faults)
            continue;
        text_addf(&t, "%s{\"row_no\":%" PRId64 ",\"is_row\":%s,\"faults\":[%s],\"data\":",
                  t.length > 1 ? "," : "", first + (int64_t)i, row->data ? "true" : "false", row->faults);
        text_add_json(&t, row->data ? json_text(w, row->data) : row->raw);
        text_add(&t, "}");
    }
    text_add(&t, "]");
    return t.bytes;
}
