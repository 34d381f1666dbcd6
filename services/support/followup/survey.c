#include "survey.h"

#include <inttypes.h>
#include <string.h>

#include "config.h"
#include "json_out.h"
#include "outbox.h"
#include "random.h"
#include "resource.h"
#include "survey_queries.h"
#include "ticket.h"
#include "transaction.h"

const struct step survey_flow[] = {
    {"sent", "answer", "answered", NULL, "support.survey.answered"},
    {0},
};

enum { TOKEN_BYTES = 32, MONTH_SECONDS = 30 * 86400, BAD_SCORE = 2 };

bool survey_is_bad(int64_t score)
{
    return score <= BAD_SCORE;
}

/* A JSON list with one token for each event of the batch, which may be more than are needed. */
static const char *new_tokens(struct work *w)
{
    struct text out = text_new(w->arena);

    json_begin_list(&out, NULL);
    for (size_t i = 0; i < json_array_size(w->in); i++)
        json_add_text(&out, NULL, random_base64url(w->arena, TOKEN_BYTES));
    json_end_list(&out);
    return out.bytes;
}

int survey_send(struct work *w, const char *delivered)
{
    struct survey_send_row sent;

    if (!delivered)
        return OK;
    TRY(q_survey_send(w, delivered, new_tokens(w), config_int("SURVEY_SECONDS", MONTH_SECONDS), &sent));
    return announce_new(w, "support.survey.sent", "survey", sent.ids);
}

/* --- answering --------------------------------------------------------------------------------------- */

static int find(struct work *w, struct survey_find_row *survey)
{
    TRY(q_survey_find(w, path_var(w, "token"), survey));
    return survey->found ? OK : fail(w, NOT_FOUND, "survey.unknown", "This survey link does not exist.");
}

int survey_show(struct work *w)
{
    struct survey_find_row survey;

    TRY(find(w, &survey));
    return reply(w, survey.doc);
}

/* A bad score opens a ticket. */
static int open_ticket(struct work *w, const struct survey_find_row *survey, int64_t score)
{
    struct opening o = {
        .id = new_id(w),
        .subject = textf(w, "%" PRId64 " of 5 for order %s", score,
                         survey->order_number ? survey->order_number : ""),
        .body = in_has(w, "comment") ? in_str(w, "comment") : "(no comment)",
        .channel = "survey",
        .priority = "high",
        .order_id = survey->order_id,
        .survey_id = survey->id,
        .author = "customer",
    };

    return ticket_begin(w, &o);
}

int survey_answer(struct work *w)
{
    struct survey_find_row survey;
    int64_t score = in_int(w, "score");
    int taken;

    TRY(find(w, &survey));
    if (strcmp(survey.status, "expired") == 0)
        return fail(w, CONFLICT, "survey.expired", "This survey has expired.");
    TRY(flow_apply_if(w, "survey", survey.id, "answer", &taken));
    if (!taken)
        return fail(w, CONFLICT, "survey.answered", "This survey has been answered already.");
    TRY(q_survey_answered(w, survey.id, score, in_str(w, "comment")));
    if (survey_is_bad(score))
        TRY(open_ticket(w, &survey, score));
    TRY(transaction_flush(w));
    TRY(q_survey_find(w, path_var(w, "token"), &survey));
    return reply(w, survey.doc);
}
