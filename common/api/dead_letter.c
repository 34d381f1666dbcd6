#include "dead_letter.h"

#include <string.h>

#include "consume.h"
#include "dead_letter_queries.h"
#include "envelope.h"
#include "inbox.h"
#include "inbox_queries.h"
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
        return fail(w, NOT_FOUND, "resource.not_found", "This dead letter does not exist.");
    TRY(q_dead_letter_lock(w, id, row));
    if (strcmp(row->state, "open") != 0)
        return fail(w, CONFLICT, "dead_letter.closed", "The dead letter is %s already.", row->state);
    return OK;
}

static int close(struct work *w, const char *state, const char *reason)
{
    const char *id = path_var(w, "id");

    TRY(q_dead_letter_close(w, id, state, w->actor, reason));
    return reply(w, textf(w, "{\"id\":\"%s\",\"state\":\"%s\"}", id, state));
}

/* The stored envelope by the consumer that it was for, in this work's transaction. */
static int apply_again(struct work *w, const char *consumer, const char *envelope)
{
    const struct consumer *c = consumer_named(consumer);
    enum verdict verdict = UNKNOWN;
    json_t *list, *body = w->in, *e;
    const char *why;
    int fault;

    if (!c)
        return fail(w, CONFLICT, "dead_letter.no_consumer", "The consumer %s does not exist any more.",
                    consumer);
    e = envelope_read(w, envelope, strlen(envelope), 0, &why);
    if (!e)
        return fail(w, CONFLICT, "dead_letter.malformed", "The event %s: it can only be discarded.", why);
    list = json_owned(w, json_pack("[O]", e));
    w->kind = DELIVERY;
    fault = inbox_apply(w, c, list, &verdict, DELIVERED);
    w->kind = REQUEST;
    w->in = body;
    if (fault != OK)
        return fault;
    if (verdict == GAP)
        return fail(w, CONFLICT, "dead_letter.gap",
                    "An earlier event of the same aggregate is missing: retry that one first.");
    return OK;
}

int dead_letter_retry(struct work *w)
{
    struct dead_letter_lock_row row;

    TRY(lock(w, &row));
    TRY(apply_again(w, row.consumer, row.body));
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
