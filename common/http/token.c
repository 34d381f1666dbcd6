#include "token.h"

#include <pthread.h>
#include <rhonabwy.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "config.h"
#include "log.h"
#include "principal.h"
#include "rate_limit.h"
#include "request.h"
#include "sha256.h"
#include "work.h"

enum { CACHE = 4096, LEEWAY = 60 };

/* Verifying one ES256 signature costs more than the rest of a read: a verified token is cached by its hash
 * until it expires or its key is removed. */
struct verified {
    char hash[65];
    struct principal who;
};

static struct {
    pthread_mutex_t lock;
    const char *file;
    jwks_t *keys;
    json_t *contents; /* of the file */
    int64_t read_at;
    unsigned epoch; /* rises with every change of the keys */
    struct verified cache[CACHE];
} auth = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- keys ---------------------------------------------------------------------------------------------- */

/* Under the lock. The cached tokens of a removed key go with it. */
static void read_keys(void)
{
    json_t *json = json_load_file(auth.file, JSON_REJECT_DUPLICATES, NULL);
    jwks_t *keys = NULL;

    auth.read_at = clock_ms();
    if (!json || json_equal(json, auth.contents) || r_jwks_init(&keys) != RHN_OK) {
        json_decref(json);
        return;
    }
    if (r_jwks_import_from_json_t(keys, json) != RHN_OK) {
        r_jwks_free(keys);
        json_decref(json);
        return;
    }
    r_jwks_free(auth.keys);
    json_decref(auth.contents);
    auth.keys = keys;
    auth.contents = json;
    auth.epoch++;
    memset(auth.cache, 0, sizeof auth.cache);
}

/* The file is read again every JWKS_SECONDS, so that a removed key is soon refused. */
static void refresh_keys(void)
{
    pthread_mutex_lock(&auth.lock);
    if (clock_ms() - auth.read_at >= config_int("JWKS_SECONDS", 30) * 1000)
        read_keys();
    pthread_mutex_unlock(&auth.lock);
}

bool token_open(const char *jwks_file)
{
    r_global_init();
    auth.file = jwks_file;
    read_keys();
    if (!auth.keys)
        log_error(NULL, "auth.keys", "cannot read public keys (JWKS_FILE)");
    return auth.keys != NULL;
}

/* --- tokens -------------------------------------------------------------------------------------------- */

static bool signature_is_good(jwt_t *jwt, struct verified *r)
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

static bool claims_are_good(jwt_t *jwt, int64_t now, int64_t *expires)
{
    const char *issuer = r_jwt_get_claim_str_value(jwt, "iss"),
               *audience = r_jwt_get_claim_str_value(jwt, "aud");
    int64_t not_before = r_jwt_get_claim_int_value(jwt, "nbf");

    *expires = r_jwt_get_claim_int_value(jwt, "exp");
    return issuer && !strcmp(issuer, "backroom") && audience && !strcmp(audience, "backroom") &&
           *expires > now - LEEWAY && not_before <= now + LEEWAY;
}

static bool read_claims(jwt_t *jwt, struct verified *r)
{
    const char *subject = r_jwt_get_claim_str_value(jwt, "sub");
    json_t *roles = r_jwt_get_claim_json_t_value(jwt, "roles"), *name;
    size_t i;

    principal_add_role(&r->who, r_jwt_get_claim_str_value(jwt, "role"));
    json_array_foreach(roles, i, name) principal_add_role(&r->who, json_string_value(name));
    json_decref(roles);
    if (!subject || !*subject || strlen(subject) >= SUBJECT_MAX)
        return false;
    memcpy(r->who.subject, subject, strlen(subject) + 1);
    return claims_are_good(jwt, time(NULL), &r->who.expires);
}

/* Of the token's header only the name of the key is used: no jku, x5u, embedded keys. */
static bool verify(const char *token, struct verified *r)
{
    jwt_t *jwt = NULL;
    bool good;

    if (r_jwt_init(&jwt) != RHN_OK)
        return false;
    good = r_jwt_advanced_parse(jwt, token, R_PARSE_NONE, R_FLAG_IGNORE_REMOTE) == RHN_OK &&
           signature_is_good(jwt, r) && read_claims(jwt, r);
    r_jwt_free(jwt);
    return good;
}

static struct verified *slot_of(const char *hash)
{
    unsigned n = 0;

    for (int i = 0; i < 6; i++)
        n = n * 31 + (unsigned char)hash[i];
    return &auth.cache[n % CACHE];
}

static bool cache_find(const char *hash, struct verified *r)
{
    bool found;

    pthread_mutex_lock(&auth.lock);
    found = strcmp(slot_of(hash)->hash, hash) == 0 && slot_of(hash)->who.expires > time(NULL) - LEEWAY;
    if (found)
        *r = *slot_of(hash);
    pthread_mutex_unlock(&auth.lock);
    return found;
}

static void cache_store(const struct verified *r)
{
    pthread_mutex_lock(&auth.lock);
    if (r->who.epoch == auth.epoch) /* the keys did not change while it was verified */
        *slot_of(r->hash) = *r;
    pthread_mutex_unlock(&auth.lock);
}

const char token_too_many[] = "Too many invalid tokens came from your address. Try again later.";

struct principal *token_check(struct work *w, const char *authorization, const char **why)
{
    struct verified r = {0};
    const char *token;

    *why = NULL;
    if (!authorization)
        return NULL;
    *why = "The token is not valid: send 'Authorization: Bearer <token>' with a token that has not expired.";
    if (strncmp(authorization, "Bearer ", 7) != 0 || strlen(authorization) > 4096)
        return NULL;
    token = authorization + 7;
    refresh_keys();
    memcpy(r.hash, sha256_hex(w->arena, token, strlen(token)), sizeof r.hash);
    if (!cache_find(r.hash, &r)) {
        if (!rate_limit_allows(BAD_TOKENS, w->request->address, clock_ms())) {
            *why = token_too_many;
            return NULL;
        }
        if (!verify(token, &r)) {
            rate_limit_spend(BAD_TOKENS, w->request->address, clock_ms());
            return NULL;
        }
        cache_store(&r);
    }
    *why = NULL;
    return (struct principal *)arena_copy(w->arena, (const char *)&r.who, sizeof r.who);
}

bool token_still_good(const struct principal *who)
{
    bool good;

    refresh_keys();
    pthread_mutex_lock(&auth.lock);
    good = !who || (who->epoch == auth.epoch && who->expires > time(NULL) - LEEWAY);
    pthread_mutex_unlock(&auth.lock);
    return good;
}
