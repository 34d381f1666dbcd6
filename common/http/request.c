#include "request.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <ulfius.h>

#include "client_address.h"
#include "utf8.h"

/* --- the request as it came ---------------------------------------------------------------------------- */

static struct header *row_named(struct header *rows, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcasecmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    return NULL;
}

/* ulfius has joined the values of repeated names by commas, but takes names in another case for others. */
static void read_headers(struct work *w, struct request *r, const struct _u_map *map)
{
    struct header *rows = arena_alloc(w->arena, (size_t)map->nb_values * sizeof *rows), *same;
    int count = 0;

    for (int i = 0; i < map->nb_values; i++) {
        same = row_named(rows, count, map->keys[i]);
        if (same)
            same->value = textf(w, "%s, %s", same->value, map->values[i]);
        else
            rows[count++] = (struct header){map->keys[i], map->values[i]};
    }
    r->headers = rows;
    r->header_count = count;
}

void request_open(struct work *w, struct request *r, const struct _u_request *q)
{
    w->request = r;
    r->method = q->http_verb;
    r->target = q->http_url;
    r->body = q->binary_body;
    r->body_length = q->binary_body_length;
    read_headers(w, r, q->map_header);
    r->address = client_address(w->arena, q->client_address, header(r, "X-Forwarded-For"));
}

const char *header(const struct request *r, const char *name)
{
    for (int i = 0; i < r->header_count; i++) {
        if (strcasecmp(r->headers[i].name, name) == 0)
            return r->headers[i].value;
    }
    return NULL;
}

/* --- its target ---------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
                                        : -1;
}

/* Decode percent escapes in place; NULL or what is wrong. */
static const char *decode(char *s, bool path)
{
    char *out = s, *start = s;

    for (; *s; s++) {
        if (*s != '%') {
            *out++ = *s;
            continue;
        }
        int high = hex_digit(s[1]), low = high < 0 ? -1 : hex_digit(s[2]);

        if (low < 0)
            return "contains an invalid percent escape";
        if (high * 16 + low == 0 || (path && high * 16 + low == '/'))
            return "contains an escape that is not allowed";
        *out++ = (char)(high * 16 + low);
        s += 2;
    }
    *out = '\0';
    return utf8_valid(start, strlen(start)) ? NULL : "is not valid UTF-8";
}

static const char *read_path(struct request *r, char *path)
{
    if (*path++ != '/')
        return "does not begin with /";
    for (char *segment; (segment = strsep(&path, "/"));) {
        const char *wrong = decode(segment, true);

        if (wrong)
            return wrong;
        if (r->segment_count == SEGMENTS_MAX)
            return NULL; /* deeper than any route: it will not match */
        r->segments[r->segment_count++] = segment;
    }
    return NULL;
}

static const char *read_query(struct work *w, struct request *r, char *query)
{
    for (char *pair; (pair = strsep(&query, "&"));) {
        char *value = strchr(pair, '=');
        const char *wrong;

        if (!*pair)
            continue;
        if (value)
            *value++ = '\0';
        else
            value = pair + strlen(pair);
        for (char *p = value; *p; p++)
            *p = *p == '+' ? ' ' : *p;
        wrong = decode(pair, false);
        wrong = wrong ? wrong : decode(value, false);
        if (wrong)
            return wrong;
        if (query_var(w, pair))
            return "has a duplicate parameter";
        if (w->var_count == QUERY_MAX)
            return "has too many parameters";
        r->vars[w->var_count++] = (struct var){pair, value};
    }
    return NULL;
}

const char *request_target(struct work *w, struct request *r, const char *target)
{
    char *path = arena_copy(w->arena, target, strlen(target)), *query = strchr(path, '?');
    const char *wrong;

    w->vars = r->vars;
    w->var_count = 0;
    if (query)
        *query++ = '\0';
    wrong = read_path(r, path);
    if (!wrong && query)
        wrong = read_query(w, r, query);
    return wrong;
}

void request_take_route(struct work *w, struct request *r, const struct bound_route *route)
{
    r->route = route;
    for (int i = 0; i < route->count; i++) {
        if (route->variables[i])
            r->vars[w->var_count++] = (struct var){route->variables[i], r->segments[i], .in_path = true};
    }
}
