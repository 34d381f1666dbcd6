#include "ticket.h"

#include <string.h>

#include "calendar.h"
#include "config.h"
#include "customer.h"
#include "deadline.h"
#include "outbox.h"
#include "principal.h"
#include "resource.h"
#include "ticket_queries.h"

enum { HOUR_SECONDS = 3600, WORKING_DAY_SECONDS = 9 * HOUR_SECONDS };

static int may_take_over(struct work *w, const char *id);
static int may_decline(struct work *w, const char *id);

/* `answered` waits for the customer, `waiting` for another department. */
const struct step ticket_flow[] = {
    {"new|assigned|answered", "assign", "assigned", NULL, "support.ticket.assigned"},
    {"new", "take", "assigned", NULL, "support.ticket.assigned"},
    {"new|assigned|answered", "answer", "answered", NULL, "support.ticket.answered"},
    {"waiting", "answer", SAME, NULL, "support.ticket.answered"},
    {ANY, "note", SAME, NULL, "support.ticket.noted"},
    {"new|assigned|waiting", "customer-messages", SAME, NULL, "support.ticket.customer_replied"},
    {"answered", "customer-messages", "assigned", NULL, "support.ticket.customer_replied"},
    {"solved", "customer-messages", "assigned", NULL, "support.ticket.reopened"},
    {"new|assigned|answered", "hand-over", "waiting", NULL, "support.ticket.handed_over"},
    {"waiting", "accept", "assigned", may_take_over, "support.ticket.accepted"},
    {"waiting", "decline", "assigned", may_decline, "support.ticket.declined"},
    {"new|assigned|answered", "solve", "solved", NULL, "support.ticket.solved"},
    {"solved", "reopen", "assigned", NULL, "support.ticket.reopened"},
    {0},
};

/* --- rules ------------------------------------------------------------------------------------------- */

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

const char *ticket_priority(const char *asked, const char *channel)
{
    if (asked)
        return asked;
    return is(channel, "complaint") || is(channel, "survey") ? "high" : "normal";
}

bool ticket_is_escalated(const char *channel, const char *priority)
{
    return is(channel, "complaint") || is(priority, "urgent");
}

int64_t ticket_first_answer_seconds(int64_t usual, const char *level)
{
    int64_t seconds = is(level, "vip") ? usual / 2 : usual;

    return seconds > 0 ? seconds : 1;
}

static int64_t usual_seconds(const char *priority)
{
    static const struct {
        const char *priority, *setting;
        long seconds;
    } rows[] = {
        {"urgent", "FIRST_ANSWER_SECONDS_URGENT", HOUR_SECONDS},
        {"high", "FIRST_ANSWER_SECONDS_HIGH", 4 * HOUR_SECONDS},
        {"normal", "FIRST_ANSWER_SECONDS_NORMAL", WORKING_DAY_SECONDS},
        {"low", "FIRST_ANSWER_SECONDS_LOW", 3 * WORKING_DAY_SECONDS},
    };
    size_t i = 0;

    while (i + 1 < COUNT(rows) && !is(rows[i].priority, priority))
        i++;
    return config_int(rows[i].setting, rows[i].seconds);
}

/* --- opening ----------------------------------------------------------------------------------------- */

/* A reminder when three quarters of the time are over, a breach when all of it is. */
static int set_deadlines(struct work *w, const struct opening *o, const char **first_answer_by)
{
    struct ticket_level_row customer;
    struct calendar calendar;
    int64_t seconds;

    TRY(q_ticket_level(w, o->customer_id, o->order_id, &customer));
    TRY(calendar_read(w, &calendar));
    seconds = ticket_first_answer_seconds(usual_seconds(o->priority), customer.level);
    *first_answer_by = calendar_after(w, &calendar, seconds);
    TRY(deadline_at(w, "first_answer_soon", o->id, calendar_after(w, &calendar, seconds * 3 / 4)));
    return deadline_at(w, "first_answer", o->id, *first_answer_by);
}

int ticket_begin(struct work *w, const struct opening *o)
{
    const char *first_answer_by;

    TRY(set_deadlines(w, o, &first_answer_by));
    TRY(q_ticket_insert(w, o->id, o->subject, o->channel, o->priority,
                        ticket_is_escalated(o->channel, o->priority), o->order_id, o->survey_id,
                        o->customer_id, o->contact, first_answer_by, w->actor));
    TRY(q_ticket_message_add(w, o->id, "customer", o->author, o->body));
    return announce_new(w, "support.ticket.opened", "ticket", o->id);
}

int ticket_open(struct work *w)
{
    const json_t *customer = in_get(w, "customer");
    const char *ref = json_string_value(json_object_get(customer, "ref"));
    struct opening o = {
        .id = new_id(w),
        .subject = in_str(w, "subject"),
        .body = in_str(w, "body"),
        .channel = in_str(w, "channel"),
        .order_id = in_str(w, "order_id"),
        .contact = in_json(w, "customer"),
        .author = "customer",
    };

    o.channel = o.channel ? o.channel : "email";
    o.priority = ticket_priority(in_str(w, "priority"), o.channel);
    if (ref)
        TRY(customer_find_or_create(w, ref, &o.customer_id));
    TRY(ticket_begin(w, &o));
    return reply_resource(w, "tickets", o.id);
}

/* --- the conversation -------------------------------------------------------------------------------- */

static int end_first_answer(struct work *w, const char *id)
{
    TRY(deadline_met(w, "first_answer_soon", id));
    return deadline_met(w, "first_answer", id);
}

/* An internal answer is a note, which meets no deadline, because the customer does not see it. */
int ticket_answer(struct work *w)
{
    const char *id = path_var(w, "id"), *action = in_bool(w, "internal") ? "note" : "answer";

    TRY(flow_apply(w, "ticket", id, action));
    TRY(q_ticket_message_add(w, id, action, w->actor, in_str(w, "body")));
    if (is(action, "answer")) {
        TRY(q_ticket_first_answer(w, id, w->actor));
        TRY(end_first_answer(w, id));
    }
    return reply_resource(w, "tickets", id);
}

/* --- to another department and back ------------------------------------------------------------------ */

static bool is_of(struct work *w, const char *department)
{
    return principal_may(w->who, textf(w, "department:%s", department));
}

static int may_take_over(struct work *w, const char *id)
{
    struct ticket_handed_to_row to;

    TRY(q_ticket_handed_to(w, id, &to));
    if (!is_of(w, to.department))
        return fail(w, FORBIDDEN, "ticket.other_department",
                    "The ticket was handed over to %s, which has to accept it.", to.department);
    return OK;
}

/* The user who handed it over may take it back, too. */
static int may_decline(struct work *w, const char *id)
{
    struct ticket_handed_to_row to;

    TRY(q_ticket_handed_to(w, id, &to));
    if (!is_of(w, to.department) && !is(to.by, w->actor))
        return fail(w, FORBIDDEN, "ticket.other_department",
                    "The ticket was handed over to %s, which has to decline it.", to.department);
    return OK;
}

/* Until the other department accepts, the ticket keeps its owner (S-3). */
int ticket_hand_over(struct work *w)
{
    const char *id = path_var(w, "id"), *department = in_str(w, "department");
    struct calendar calendar;
    int64_t handed;

    TRY(flow_apply(w, "ticket", id, "hand-over"));
    TRY(q_ticket_hand_over(w, id, department, w->actor, &handed));
    if (!handed)
        return fail(w, CONFLICT, "ticket.same_department", "The ticket belongs to %s already.", department);
    TRY(q_ticket_message_add(w, id, "hand_over", w->actor, in_str(w, "reason")));
    TRY(calendar_read(w, &calendar));
    TRY(deadline_at(w, "hand_over", id,
                    calendar_after(w, &calendar, config_int("HAND_OVER_SECONDS", WORKING_DAY_SECONDS))));
    return reply_resource(w, "tickets", id);
}

int ticket_accept(struct work *w)
{
    const char *id = path_var(w, "id");

    TRY(flow_apply(w, "ticket", id, "accept"));
    TRY(q_ticket_accept(w, id, w->actor));
    TRY(deadline_met(w, "hand_over", id));
    return reply_resource(w, "tickets", id);
}

int ticket_decline(struct work *w)
{
    const char *id = path_var(w, "id");

    TRY(flow_apply(w, "ticket", id, "decline"));
    TRY(q_ticket_decline(w, id));
    TRY(q_ticket_message_add(w, id, "decline", w->actor, in_str(w, "reason")));
    TRY(deadline_met(w, "hand_over", id));
    return reply_resource(w, "tickets", id);
}

/* --- the end ----------------------------------------------------------------------------------------- */

int ticket_solve(struct work *w)
{
    const char *id = path_var(w, "id");

    TRY(flow_apply(w, "ticket", id, "solve"));
    TRY(q_ticket_solve(w, id, in_str(w, "resolution"), w->actor));
    TRY(q_ticket_message_add(w, id, "resolution", w->actor, in_str(w, "resolution")));
    TRY(end_first_answer(w, id));
    return reply_resource(w, "tickets", id);
}

/* --- deadlines --------------------------------------------------------------------------------------- */

int ticket_remind(struct work *w)
{
    const char *id = in_str(w, "aggregate_id");
    int64_t open;

    TRY(q_ticket_remind(w, id, &open));
    return open ? announce(w, "support.ticket.reminded", "ticket", id) : OK;
}

int ticket_breach(struct work *w)
{
    const char *id = in_str(w, "aggregate_id");
    int64_t breached;

    TRY(q_ticket_breach(w, id, &breached));
    return breached ? announce(w, "support.ticket.breached", "ticket", id) : OK;
}

int ticket_hand_over_late(struct work *w)
{
    const char *id = in_str(w, "aggregate_id");
    int64_t stuck;

    TRY(q_ticket_hand_over_late(w, id, &stuck));
    return stuck ? announce(w, "support.ticket.hand_over_late", "ticket", id) : OK;
}
