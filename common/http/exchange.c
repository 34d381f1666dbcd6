#include "exchange.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client_address.h"
#include "request_checks.h"

struct exchange *exchange_new(const char *target)
{
    struct exchange *x = calloc(1, sizeof *x);

    if (x)
        x->target = strdup(target);
    if (x && x->target)
        return x;
    free(x);
    return NULL;
}

void exchange_free(struct exchange *x)
{
    if (x->work.arena)
        work_end(&x->work);
    if (x->response)
        MHD_destroy_response(x->response);
    free(x->target);
    free(x->body);
    free(x);
}

void exchange_begin(struct exchange *x, struct MHD_Connection *c, const char *method)
{
    x->connection = c;
    x->request.method = method;
}

static bool make_room(struct exchange *x, size_t wanted)
{
    size_t room = x->body_room ? x->body_room : 1024;
    char *larger;

    while (room < wanted)
        room *= 2;
    if (room == x->body_room)
        return true;
    larger = realloc(x->body, room);
    if (!larger)
        return false;
    x->body = larger;
    x->body_room = room;
    return true;
}

bool exchange_take(struct exchange *x, const char *bytes, size_t length)
{
    size_t room = BODY_MAX + 1 - x->body_length;

    length = length < room ? length : room;
    if (!make_room(x, x->body_length + length))
        return false;
    memcpy(x->body + x->body_length, bytes, length);
    x->body_length += length;
    return true;
}

/* --- the head ------------------------------------------------------------------------------------------ */

struct heading {
    struct work *work;
    struct name_value *rows;
    int count;
    bool broken;
};

static struct name_value *known(struct heading *h, const char *name)
{
    for (int i = 0; i < h->count; i++) {
        if (strcasecmp(h->rows[i].name, name) == 0)
            return &h->rows[i];
    }
    return NULL;
}

static enum MHD_Result add(void *heading, enum MHD_ValueKind kind, const char *name, size_t name_length,
                           const char *value, size_t value_length)
{
    struct heading *h = heading;
    struct name_value *before = known(h, name);

    (void)kind;
    value = value ? value : "";
    h->broken |= strlen(name) != name_length || strlen(value) != value_length;
    if (before)
        before->value = textf(h->work, "%s, %s", before->value, value);
    else
        h->rows[h->count++] = (struct name_value){name, value};
    return MHD_YES;
}

static bool read_head(struct exchange *x)
{
    int n = MHD_get_connection_values(x->connection, MHD_HEADER_KIND, NULL, NULL);
    struct heading h = {.work = &x->work};

    h.rows = arena_alloc(x->work.arena, (size_t)n * sizeof *h.rows);
    MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, add, &h);
    x->request.headers = h.rows;
    x->request.header_count = h.count;
    return !h.broken;
}

bool exchange_complete(struct exchange *x)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    work_begin(&x->work, REQUEST, "anonymous");
    x->work.writes = false;
    x->work.request = &x->request;
    x->request.target = x->target;
    x->request.from = info ? info->client_addr : NULL;
    x->request.body = x->body;
    x->request.body_length = x->body_length;
    return read_head(x);
}
