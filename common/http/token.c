#include "token.h"

#include <pthread.h>
#include <rhonabwy.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "config.h"
#include "hash_chain.h"
#include "log.h"
#include "rate_limit.h"
#include "request.h"
#include "service.h"
#include "work.h"

enum { CACHE = 4096, SUBJECT_MAX = 128, LEEWAY = 60 };

struct principal {
    const struct role *roles; /* of the service */
    uint64_t held;            /* bit i: has roles[i] */
    char subject[SUBJECT_MAX];
    int64_t expires; /* Unix seconds */
    unsigned epoch;  /* of the keys that the token was verified with */
};

/* One ES256 check costs more than the rest of a read: a verified token is remembered by its hash until it expires
 * or its key goes. */
struct remembered {
    char hash[65];
    struct principal who;
};

static struct {
    pthread_mutex_t lock;
    const char *file;
    jwks_t *keys;
    json_t *written; /* what the file said */
    int64_t read_at;
    unsigned epoch; /* rises with every change of the keys */
    struct remembered cache[CACHE];
} auth = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- keys ---------------------------------------------------------------------------------------------- */

/* Under the lock. Keys that went take their remembered tokens with them. */
static void read_keys(void)
{
    json_t *json = json_load_file(auth.file, JSON_REJECT_DUPLICATES, NULL);
    jwks_t *keys = NULL;

    auth.read_at = clock_ms();
    if (!json || json_equal(json, auth.written) || r_jwks_init(&keys) != RHN_OK) {
        json_decref(json);
        return;
    }
    if (r_jwks_import_from_json_t(keys, json) != RHN_OK) {
        r_jwks_free(keys);
        json_decref(json);
        return;
    }
    r_jwks_free(auth.keys);
    json_decref(auth.written);
    auth.keys = keys;
    auth.written = json;
    auth.epoch++;
    memset(auth.cache, 0, sizeof auth.cache);
}

/* The file is looked at again every 30 s, so that a key that was taken out is of no use soon after. */
static void keep_keys_fresh(void)
{
    pthread_mutex_lock(&auth.lock);
    if (clock_ms() - auth.read_at >= config_int("JWKS_SECONDS", 30) * 1000)
        read_keys();
    pthread_mutex_unlock(&auth.lock);
}

bool auth_open(const char *jwks_file)
{
    r_global_init();
    auth.file = jwks_file;
    read_keys();
    if (!auth.keys)
        log_error(NULL, "auth.keys", "cannot read public keys (JWKS_FILE)");
    return auth.keys != NULL;
}

/* --- tokens -------------------------------------------------------------------------------------------- */

static bool signed_by_us(jwt_t *jwt, struct remembered *r)
{
    jwa_alg alg = r_jwt_get_sign_alg(jwt);
    const char *kid = r_jwt_get_header_str_value(jwt, "kid");
    bool good = false;
    jwk_t *key;

    if (alg != R_JWA_ALG_ES256 && alg != R_JWA_ALG_EDDSA && alg != R_JWA_ALG_RS256)
        return false;
    pthread_mutex_lock(&auth.lock);
    key = kid ? r_jwks_get_by_kid(auth.keys, kid) : NULL;
    r->who.epoch = auth.epoch;
    pthread_mutex_unlock(&auth.lock);
    if (key)
        good = r_jwt_verify_signature(jwt, key, 0) == RHN_OK;
    r_jwk_free(key);
    return good;
}

static void add_role(struct principal *p, const char *name)
{
    for (int i = 0; name && p->roles[i].name && i < 64; i++) {
        if (strcmp(p->roles[i].name, name) == 0)
            p->held |= UINT64_C(1) << i;
    }
}

static bool is_for_us(jwt_t *jwt, int64_t now, int64_t *expires)
{
    const char *issuer = r_jwt_get_claim_str_value(jwt, "iss"),
               *audience = r_jwt_get_claim_str_value(jwt, "aud");
    int64_t not_before = r_jwt_get_claim_int_value(jwt, "nbf");

    *expires = r_jwt_get_claim_int_value(jwt, "exp");
    return issuer && !strcmp(issuer, "backroom") && audience && !strcmp(audience, "backroom") &&
           *expires > now - LEEWAY && not_before <= now + LEEWAY;
}

static bool read_claims(jwt_t *jwt, struct remembered *r)
{
    const char *subject = r_jwt_get_claim_str_value(jwt, "sub");
    json_t *roles = r_jwt_get_claim_json_t_value(jwt, "roles"), *name;
    size_t i;

    add_role(&r->who, r_jwt_get_claim_str_value(jwt, "role"));
    json_array_foreach(roles, i, name) add_role(&r->who, json_string_value(name));
    json_decref(roles);
    if (!subject || !*subject || strlen(subject) >= SUBJECT_MAX)
        return false;
    memcpy(r->who.subject, subject, strlen(subject) + 1);
    return is_for_us(jwt, time(NULL), &r->who.expires);
}

/* Nothing of the token's header is trusted but the name of the key: no jku, x5u, embedded keys. */
static bool verify(const char *token, struct remembered *r)
{
    jwt_t *jwt = NULL;
    bool good;

    if (r_jwt_init(&jwt) != RHN_OK)
        return false;
    good = r_jwt_advanced_parse(jwt, token, R_PARSE_NONE, R_FLAG_IGNORE_REMOTE) == RHN_OK &&
           signed_by_us(jwt, r) && read_claims(jwt, r);
    r_jwt_free(jwt);
    return good;
}

static struct remembered *slot_of(const char *hash)
{
    unsigned n = 0;

    for (int i = 0; i < 6; i++)
        n = n * 31 + (unsigned char)hash[i];
    return &auth.cache[n % CACHE];
}

static bool recall(const char *hash, struct remembered *r)
{
    bool found;

    pthread_mutex_lock(&auth.lock);
    found = strcmp(slot_of(hash)->hash, hash) == 0 && slot_of(hash)->who.expires > time(NULL) - LEEWAY;
    if (found)
        *r = *slot_of(hash);
    pthread_mutex_unlock(&auth.lock);
    return found;
}

static void remember(const struct remembered *r)
{
    pthread_mutex_lock(&auth.lock);
    if (r->who.epoch == auth.epoch) /* its key did not go while it was verified */
        *slot_of(r->hash) = *r;
    pthread_mutex_unlock(&auth.lock);
}

const char auth_too_many[] = "Too many bad tokens came from your address. Try again later.";

struct principal *auth_check(struct work *w, const char *authorization, const char **why)
{
    struct remembered r = {.who = {.roles = w->service->roles}};
    const char *token;

    *why = NULL;
    if (!authorization)
        return NULL;
    *why = "The token is not valid: send 'Authorization: Bearer <token>' with one that has not expired.";
    if (strncmp(authorization, "Bearer ", 7) != 0 || strlen(authorization) > 4096)
        return NULL;
    token = authorization + 7;
    keep_keys_fresh();
    memcpy(r.hash, sha256_hex(w, token, strlen(token)), sizeof r.hash);
    if (!recall(r.hash, &r)) {
        if (!rate_limit_allows(BAD_TOKENS, w->request->address, clock_ms())) {
            *why = auth_too_many;
            return NULL;
        }
        if (!verify(token, &r)) {
            rate_limit_spend(BAD_TOKENS, w->request->address, clock_ms());
            return NULL;
        }
        remember(&r);
    }
    *why = NULL;
    return (struct principal *)arena_copy(w->arena, (const char *)&r.who, sizeof r.who);
}

/* --- what is granted ----------------------------------------------------------------------------------- */

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

bool auth_may(const struct principal *who, const char *scope)
{
    if (!scope)
        return true;
    if (!who)
        return false;
    for (int i = 0; who->roles[i].name; i++) {
        if ((who->held >> i & 1) && (!*scope || grants(who->roles[i].scopes, scope)))
            return true;
    }
    return false;
}

/* Only a customer: a clerk who shops here too keeps the clerk's eyes. */
bool auth_is_customer(const struct principal *who)
{
    for (int i = 0; who && who->roles[i].name; i++) {
        if ((who->held >> i & 1) && strcmp(who->roles[i].name, "customer") != 0)
            return false;
    }
    return who && who->held;
}

struct principal *auth_copy(const struct principal *who)
{
    struct principal *copy = who ? malloc(sizeof *copy) : NULL;

    if (copy)
        *copy = *who;
    return copy;
}

bool auth_good_still(const struct principal *who)
{
    bool good;

    keep_keys_fresh();
    pthread_mutex_lock(&auth.lock);
    good = !who || (who->epoch == auth.epoch && who->expires > time(NULL) - LEEWAY);
    pthread_mutex_unlock(&auth.lock);
    return good;
}

const char *auth_subject(const struct principal *who)
{
    return who ? who->subject : "anonymous";
}

const char *auth_role_array(struct work *w, const struct principal *who, bool *everything)
{
    struct text t = text_new(w->arena);

    *everything = false;
    text_add(&t, "{");
    for (int i = 0; who && who->roles[i].name; i++) {
        if (!(who->held >> i & 1))
            continue;
        text_addf(&t, "%s%s", t.length > 1 ? "," : "", who->roles[i].name);
        *everything |= strcmp(who->roles[i].scopes, "*") == 0;
    }
    text_add(&t, "}");
    return t.bytes;
}
