#include "request.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "utf8.h"

const char *header(const struct request *r, const char *name)
{
    for (int i = 0; i < r->header_count; i++) {
        if (strcasecmp(r->headers[i].name, name) == 0)
            return r->headers[i].value;
    }
    return NULL;
}

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
            return "holds a broken percent escape";
        if (high * 16 + low == 0 || (path && high * 16 + low == '/'))
            return "holds an escape that is not allowed here";
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

static const char *read_query(struct request *r, char *query)
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
        if (request_query_var(r, pair))
            return "names a parameter twice";
        if (r->query_count == QUERY_MAX)
            return "has too many parameters";
        r->query[r->query_count++] = (struct name_value){pair, value};
    }
    return NULL;
}

const char *request_target(struct work *w, struct request *r, const char *target)
{
    char *path = arena_copy(w->arena, target, strlen(target)), *query = strchr(path, '?');
    const char *wrong;

    if (query)
        *query++ = '\0';
    wrong = read_path(r, path);
    if (!wrong && query)
        wrong = read_query(r, query);
    return wrong;
}

const char *request_path_var(const struct request *r, const char *name)
{
    size_t n = strlen(name);

    for (int i = 0; i < r->route->count; i++) {
        const char *s = r->route->segments[i];

        if (*s == '{' && !strncmp(s + 1, name, n) && s[n + 1] == '}')
            return r->segments[i];
    }
    return NULL;
}

const char *request_query_var(const struct request *r, const char *name)
{
    for (int i = 0; i < r->query_count; i++) {
        if (strcmp(r->query[i].name, name) == 0)
            return r->query[i].value;
    }
    return NULL;
}
