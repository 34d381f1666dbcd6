/*
 * The unit of work. An HTTP request, a delivered batch of events and a due job are the same thing: one arena,
 * at most one transaction, one outcome. Every handler is `int f(struct work *w)` and holds business steps
 * only: it never frees, never begins or commits, never logs a failure, never publishes, never calls the
 * network, and it can be run again safely.
 */
#ifndef BACKROOM_WORK_H
#define BACKROOM_WORK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "arena.h"

/* How long a request may take in all, in milliseconds: waiting for a connection, connecting, every statement,
 * the commit, and looking up its Idempotency-Key. One that is not done then gets 503. */
enum { REQUEST_MS = 4500 };

/* What can go wrong, set once where it is found: `return fail(w, CONFLICT, "stock.short", "…")`. */
enum fault { OK, INVALID, FORBIDDEN, NOT_FOUND, CONFLICT, BUSY, BROKEN };

#define TRY(call)                                                                                            \
    do {                                                                                                     \
        int fault_ = (call);                                                                                 \
        if (fault_ != OK)                                                                                    \
            return fault_;                                                                                   \
    } while (0)

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum work_kind { REQUEST, DELIVERY, JOB };

/* A variable of a request's path or a parameter of its query string, decoded. */
struct var {
    const char *name, *value;
    bool in_path;
};

struct principal;
struct request;
struct transaction;

struct work {
    struct arena *arena;
    enum work_kind kind;
    bool writes;       /* runs in a transaction; a read is a single statement without one */
    bool dry_run;      /* everything is done and checked, then rolled back */
    json_t *in;        /* REQUEST: the validated body; DELIVERY: array of events; JOB: its data. Read only */
    const char *actor; /* of the change: a token's subject, or the consumer or job */
    const char *trace; /* W3C trace id, 32 hexadecimal digits */
    struct principal *who;   /* REQUEST only, NULL on public routes */
    struct request *request; /* the same */
    void *context;           /* the handler's: set by the caller of work_run() */
    const struct var *vars;  /* REQUEST: of its target */
    int var_count;
    int64_t until;                   /* by clock_ms(): nothing is begun or waited for later */
    struct transaction *transaction; /* of sql/: NULL before the first statement */

    /* The outcome. */
    enum fault fault;       /* set by fail(), never reworded */
    enum fault refused;     /* refused, yet what was written stays: set by refuse_on_record() */
    const char *constraint; /* the named constraint that refused, if one did */
    const char *code, *detail;
    struct text errors; /* {"pointer":…,"code":…,"detail":…}, … */
    int error_count;
    const char *reply; /* the response's JSON, NULL for none */
    int status;        /* HTTP status of the response; 0 = the route's */
    const char *etag, *location;
};

/* Ready for use, with an arena of its own. work_end() frees everything, and gives the connection to the
 * database back. */
void work_begin(struct work *w, enum work_kind kind, const char *actor);
void work_end(struct work *w);

/* Forget the outcome of a failed attempt, so that another handler can run in a new transaction. */
void work_reset(struct work *w);

/* Set what went wrong, once: a stable dotted code, a sentence for people. Returns the fault. */
int fail(struct work *w, enum fault fault, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* It does not exist, or the caller may not see it, which looks the same. */
int not_found(struct work *w);
/*
 * Refused but recorded: the caller is refused as with fail(), but what the handler wrote stays, because the
 * attempt itself must be kept (a mis-scan and its exception, a violation). Returns OK, so that the
 * transaction commits with the refusal as its answer, also to the same Idempotency-Key. Only as the last
 * step: `return refuse_on_record(…)`. A fail() that comes later, of the commit say, wins.
 * docs/adr/0008-recorded-refusals.md.
 */
int refuse_on_record(struct work *w, enum fault fault, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Add one of possibly many faults of the input; pointer is a JSON pointer. Then end with failed_if_any(). */
void fault_at(struct work *w, const char *pointer, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int failed_if_any(struct work *w, const char *code, const char *detail);

/* The validated input. Absent or null: NULL, 0, false. in_json is the member as JSON text. */
const char *in_str(struct work *w, const char *name);
int64_t in_int(struct work *w, const char *name);
bool in_bool(struct work *w, const char *name);
bool in_has(struct work *w, const char *name);
const char *in_json(struct work *w, const char *name);
json_t *in_get(struct work *w, const char *name);

/* A variable of the route's path (`/v1/orders/{id}`): never NULL for a name the route has. */
const char *path_var(struct work *w, const char *name);
/* A parameter of the query string, NULL if absent. */
const char *query_var(struct work *w, const char *name);

/* A new UUIDv7 (RFC 9562, 5.7). */
const char *new_id(struct work *w);

/* Hands the JSON over to the work, which frees it at its end. Returns it. */
json_t *json_owned(struct work *w, json_t *json);
/* `json` as compact text in the work's memory. */
const char *json_text(struct work *w, const json_t *json);
/* The text of a member, lent by the object; NULL if it has none of this name, or no text there. */
const char *json_text_in(const json_t *object, const char *name);
/* A format in the work's memory. */
#define textf(w, ...) arena_format((w)->arena, __VA_ARGS__)

/* Respond with this JSON text. */
int reply(struct work *w, const char *json);

#endif
