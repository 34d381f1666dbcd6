#include "dead_letter.h"

#include <string.h>

#include "common_queries.h"
#include "consume.h"
#include "envelope.h"
#include "page.h"
#include "work.h"

const struct field dead_letter_fields[] = {{"reason", TEXT, REQUIRED, 1, 500}, {0}};

int dead_letter_list(struct work *w)
{
    struct text page = page_begin(w);
    struct dead_letters_row *rows;
    size_t n;

    TRY(q_dead_letters(w, &rows, &n));
    for (size_t i = 0; i < n; i++)
        page_add(&page, rows[i].doc);
    return page_reply(w, &page, NULL);
}

static int lock(struct work *w, struct dead_letter_lock_row *row)
{
    const char *id = path_var(w, "id");

    if (!field_text_fits(UUID, id))
        return fail(w, NOT_FOUND, "resource.not_found", "There is no such dead letter.");
    TRY(q_dead_letter_lock(w, id, row));
    if (strcmp(row->state, "open") != 0)
        return fail(w, CONFLICT, "dead_letter.closed", "It is %s already.", row->state);
    return OK;
}

static int close(struct work *w, const char *state, const char *reason)
{
    const char *id = path_var(w, "id");

    TRY(q_dead_letter_close(w, id, state, w->actor, reason));
    return reply(w, textf(w, "{\"id\":\"%s\",\"state\":\"%s\"}", id, state));
}

int dead_letter_retry(struct work *w)
{
    struct dead_letter_lock_row row;

    TRY(lock(w, &row));
    TRY(consume_again(w, row.consumer, row.body));
    return close(w, "applied", NULL);
}

/* The aggregate's later events can be applied afterwards: the cursor steps over the one given up. */
int dead_letter_discard(struct work *w)
{
    struct dead_letter_lock_row row;
    const char *why;
    json_t *e;

    TRY(lock(w, &row));
    e = envelope_read(w, row.body, strlen(row.body), 0, &why);
    if (e)
        TRY(q_inbox_step_over(w, row.consumer, json_string_value(json_object_get(e, "aggregate")),
                              json_string_value(json_object_get(e, "aggregate_id")),
                              json_integer_value(json_object_get(e, "version"))));
    return close(w, "discarded", in_str(w, "reason"));
}
