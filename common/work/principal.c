#include "principal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "work.h"

static const struct role *roles;

void principal_roles(const struct role *rows)
{
    int n = 0;

    while (rows && rows[n].name)
        n++;
    if (n > ROLES_MAX) {
        fprintf(stderr, "%d roles, at most %d are allowed\n", n, ROLES_MAX);
        abort();
    }
    roles = rows;
}

void principal_add_role(struct principal *who, const char *name)
{
    for (int i = 0; name && roles && roles[i].name; i++) {
        if (strcmp(roles[i].name, name) == 0)
            who->held |= UINT64_C(1) << i;
    }
}

static bool grants(const char *scopes, const char *scope)
{
    size_t n = strlen(scope);

    if (strcmp(scopes, "*") == 0)
        return true;
    for (const char *p = scopes; p; p = strchr(p, ' ') ? strchr(p, ' ') + 1 : NULL) {
        if (!strncmp(p, scope, n) && (p[n] == ' ' || !p[n]))
            return true;
    }
    return false;
}

bool principal_may(const struct principal *who, const char *scope)
{
    if (!scope)
        return true;
    if (!who)
        return false;
    for (int i = 0; roles && roles[i].name; i++) {
        if ((who->held >> i & 1) && (!*scope || grants(roles[i].scopes, scope)))
            return true;
    }
    return false;
}

bool principal_is_customer(const struct principal *who)
{
    for (int i = 0; who && roles[i].name; i++) {
        if ((who->held >> i & 1) && strcmp(roles[i].name, "customer") != 0)
            return false;
    }
    return who && who->held;
}

struct principal *principal_copy(const struct principal *who)
{
    struct principal *copy = who ? malloc(sizeof *copy) : NULL;

    if (copy)
        *copy = *who;
    return copy;
}

const char *principal_subject(const struct principal *who)
{
    return who ? who->subject : "anonymous";
}

const char *principal_role_array(struct work *w, const struct principal *who, bool *everything)
{
    struct text t = text_new(w->arena);

    *everything = false;
    text_add(&t, "{");
    for (int i = 0; who && roles[i].name; i++) {
        if (!(who->held >> i & 1))
            continue;
        text_addf(&t, "%s%s", t.length > 1 ? "," : "", roles[i].name);
        *everything |= strcmp(roles[i].scopes, "*") == 0;
    }
    text_add(&t, "}");
    return t.bytes;
}
