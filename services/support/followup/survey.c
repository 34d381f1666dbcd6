#include "survey.h"

#include <inttypes.h>
#include <string.h>

#include "config.h"
#include "outbox.h"
#include "random.h"
#include "resource.h"
#include "survey_queries.h"
#include "ticket.h"

const struct step survey_flow[] = {
    {"sent", "answer", "answered", NULL, "support.survey.answered"},
    {0},
};

enum { TOKEN_BYTES = 32, MONTH_SECONDS = 30 * 86400, BAD_SCORE = 2 };

bool survey_is_bad(int64_t score)
{
    return score <= BAD_SCORE;
}

/* One for each event of the batch, though not all are deliveries. */
static const char *new_tokens(struct work *w)
{
    struct text t = text_new(w->arena);

    for (size_t i = 0; i < json_array_size(w->in); i++)
        text_addf(&t, "%s\"%s\"", i ? "," : "[", random_base64url(w->arena, TOKEN_BYTES));
    text_add(&t, "]");
    return t.bytes;
}

int survey_send(struct work *w, const char *delivered)
{
    struct survey_send_row sent;

    if (!delivered)
        return OK;
    TRY(q_survey_send(w, delivered, new_tokens(w), config_int("SURVEY_SECONDS", MONTH_SECONDS), &sent));
    return announce_new(w, "support.survey.sent", "survey", sent.ids);
}

/* --- at the other end of the link ---------------------------------------------------------------------------------- */

static int find(struct work *w, struct survey_find_row *survey)
{
    TRY(q_survey_find(w, path_var(w, "token"), survey));
    return survey->found ? OK : fail(w, NOT_FOUND, "survey.unknown", "There is no survey behind this link.");
}

int survey_show(struct work *w)
{
    struct survey_find_row survey;

    TRY(find(w, &survey));
    return reply(w, survey.doc);
}

/* A bad score is a ticket of itself: somebody asks what went wrong. */
static int ask_why(struct work *w, const struct survey_find_row *survey, int64_t score)
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
        return fail(w, CONFLICT, "survey.expired", "This survey is closed.");
    TRY(flow_apply_if(w, "survey", survey.id, "answer", &taken));
    if (!taken)
        return fail(w, CONFLICT, "survey.answered", "This survey was answered before. Thank you.");
    TRY(q_survey_answered(w, survey.id, score, in_str(w, "comment")));
    if (survey_is_bad(score))
        TRY(ask_why(w, &survey, score));
    TRY(announce_flush(w));
    TRY(q_survey_find(w, path_var(w, "token"), &survey));
    return reply(w, survey.doc);
}
