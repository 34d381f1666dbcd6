#include "audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit_queries.h"
#include "clock.h"
#include "hash_chain.h"
#include "relay_queries.h"
#include "work.h"

/* Time limit of a verification: long, because the log may be long, but less than REQUEST_SECONDS, after
 * which the connection is shut down. */
enum { PAGE = 1000, HASH_DIGITS = 64, WALK_MS = 25000 };

/* A walk along the chain: where it is, where it broke, and the head it should meet on its way. */
struct walk {
    int64_t position, broken; /* broken: 0 while the chain holds */
    char hash[HASH_DIGITS + 1];
    int64_t wanted; /* position of the head taken down, 0 without */
    const char *wanted_hash;
};

const struct field audit_verify_fields[] = {{"head", CODE, OPTIONAL, HASH_DIGITS + 2, HASH_DIGITS + 20}, {0}};

int audit_head(struct work *w)
{
    struct event_head_row head;
    const char *hash;

    TRY(q_event_head(w, &head));
    hash = head.found ? head.hash : HASH_CHAIN_START;
    return reply(w, textf(w, "{\"position\":%" PRId64 ",\"hash\":\"%s\",\"head\":\"%" PRId64 ":%s\"}",
                          head.found ? head.position : 0, hash, head.found ? head.position : 0, hash));
}

/* "17:<64 digits>" */
static int read_head(struct work *w, struct walk *walk)
{
    const char *head = in_str(w, "head"), *colon = head ? strchr(head, ':') : NULL;
    size_t digits = head ? strspn(head, "0123456789") : 0;

    if (!head)
        return OK;
    if (!colon || head + digits != colon || digits < 1 || digits > 18 || strlen(colon + 1) != HASH_DIGITS ||
        strspn(colon + 1, "0123456789abcdef") != HASH_DIGITS) {
        fault_at(w, "?head", "audit.head", "head is a position, a colon and 64 hexadecimal digits.");
        w->status = 400;
        return failed_if_any(w, "query.invalid", "The query string is invalid: errors[] names every fault.");
    }
    walk->wanted = strtoll(head, NULL, 10);
    walk->wanted_hash = colon + 1;
    return OK;
}

static void step(struct work *w, struct walk *walk, const struct event_chain_row *row)
{
    const char *hash =
        hash_chain_next(w, walk->hash,
                        &(struct hash_chain_row){row->id, row->type, row->aggregate, row->aggregate_id,
                                                 row->version, row->at, row->actor, row->trace, row->data});
    bool holds = row->position == walk->position + 1 && row->hash && !strcmp(hash, row->hash);

    if (row->position == walk->wanted)
        holds &= !strcmp(hash, walk->wanted_hash);
    if (!holds)
        walk->broken = walk->position + 1;
    walk->position = row->position;
    snprintf(walk->hash, sizeof walk->hash, "%s", hash);
}

static int walk_page(struct work *w, struct walk *walk, bool *more)
{
    struct event_chain_row *rows;
    size_t n;

    TRY(q_event_chain(w, walk->position, PAGE, &rows, &n));
    for (size_t i = 0; i < n && !walk->broken; i++)
        step(w, walk, &rows[i]);
    *more = n == PAGE && !walk->broken;
    return OK;
}

/* Each page has an arena of its own: a log is longer than memory is large. */
static int walk_all(struct work *w, struct walk *walk)
{
    struct arena *kept = w->arena;
    bool more = true;

    while (more) {
        int fault;

        w->arena = arena_new();
        fault = walk_page(w, walk, &more);
        if (fault != OK) {
            arena_owns(kept, w->arena, (void (*)(void *))arena_free); /* it holds what went wrong */
            w->arena = kept;
            return fault;
        }
        arena_free(w->arena);
        w->arena = kept;
    }
    return OK;
}

int audit_verify(struct work *w)
{
    struct walk walk = {.hash = HASH_CHAIN_START};

    w->until = clock_ms() + WALK_MS;
    TRY(read_head(w, &walk));
    TRY(walk_all(w, &walk));
    if (!walk.broken && walk.position < walk.wanted)
        walk.broken = walk.position + 1;
    return reply(w,
                 textf(w, "{\"intact\":%s,\"broken_at\":%s,\"head\":%" PRId64 ",\"head_hash\":\"%s\"}",
                       walk.broken ? "false" : "true",
                       walk.broken ? textf(w, "%" PRId64, walk.broken) : "null", walk.position, walk.hash));
}
