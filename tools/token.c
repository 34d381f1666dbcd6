/*
 * Makes a key pair and issues tokens, for machines and for trying things out.
 *
 *     backroom-token keys DIR                        make DIR/private.json and DIR/jwks.json if they do not exist
 *     backroom-token issue DIR ROLE SUB [SECONDS]    print a token (ES256), valid for SECONDS (8 hours)
 */
#include <fcntl.h>
#include <rhonabwy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DEFAULT_SECONDS = 8 * 3600 };

static char path[4096];

static const char *in_dir(const char *dir, const char *file)
{
    snprintf(path, sizeof path, "%s/%s", dir, file);
    return path;
}

static int failed(const char *what)
{
    fprintf(stderr, "backroom-token: %s\n", what);
    return 1;
}

static int write_json(const char *dir, const char *file, json_t *json, mode_t mode)
{
    int fd = open(in_dir(dir, file), O_WRONLY | O_CREAT | O_TRUNC, mode);
    int bad = fd < 0 || json_dumpfd(json, fd, JSON_INDENT(2)) != 0;

    if (fd >= 0)
        close(fd);
    json_decref(json);
    return bad ? failed("The key file cannot be written.") : 0;
}

static int make_keys(const char *dir)
{
    jwk_t *private = NULL, *public = NULL;
    char kid[32];
    int bad;

    if (access(in_dir(dir, "private.json"), F_OK) == 0 && access(in_dir(dir, "jwks.json"), F_OK) == 0)
        return 0;
    mkdir(dir, 0755);
    snprintf(kid, sizeof kid, "backroom-%ld", (long)time(NULL));
    r_jwk_init(&private);
    r_jwk_init(&public);
    if (r_jwk_generate_key_pair(private, public, R_KEY_TYPE_EC, 256, kid) != RHN_OK)
        return failed("A key pair cannot be generated.");
    bad = write_json(dir, "private.json", r_jwk_export_to_json_t(private), 0600) ||
          write_json(dir, "jwks.json", json_pack("{s:[o]}", "keys", r_jwk_export_to_json_t(public)), 0644);
    r_jwk_free(private);
    r_jwk_free(public);
    return bad;
}

static jwk_t *read_key(const char *dir)
{
    json_t *json = json_load_file(in_dir(dir, "private.json"), 0, NULL);
    jwk_t *key = NULL;

    r_jwk_init(&key);
    if (!json || r_jwk_import_from_json_t(key, json) != RHN_OK) {
        r_jwk_free(key);
        key = NULL;
    }
    json_decref(json);
    return key;
}

static int issue(const char *dir, const char *role, const char *subject, long seconds)
{
    jwk_t *key = read_key(dir);
    long now = (long)time(NULL);
    jwt_t *jwt = NULL;
    char *token;

    if (!key)
        return failed("There is no private key. Run 'backroom-token keys DIR' first.");
    r_jwt_init(&jwt);
    r_jwt_set_sign_alg(jwt, R_JWA_ALG_ES256);
    r_jwt_set_header_str_value(jwt, "typ", "JWT");
    r_jwt_set_claim_str_value(jwt, "iss", "backroom");
    r_jwt_set_claim_str_value(jwt, "aud", "backroom");
    r_jwt_set_claim_str_value(jwt, "sub", subject);
    r_jwt_set_claim_str_value(jwt, "role", role);
    r_jwt_set_claim_int_value(jwt, "iat", now);
    r_jwt_set_claim_int_value(jwt, "exp", now + seconds);
    token = r_jwt_serialize_signed(jwt, key, 0);
    if (!token)
        return failed("The token cannot be signed.");
    puts(token);
    r_free(token);
    r_jwt_free(jwt);
    r_jwk_free(key);
    return 0;
}

int main(int argc, char **argv)
{
    r_global_init();
    if (argc == 3 && !strcmp(argv[1], "keys"))
        return make_keys(argv[2]);
    if ((argc == 5 || argc == 6) && !strcmp(argv[1], "issue"))
        return issue(argv[2], argv[3], argv[4], argc == 6 ? strtol(argv[5], NULL, 10) : DEFAULT_SECONDS);
    fprintf(stderr, "usage: %s keys DIR | issue DIR ROLE SUB [SECONDS]\n", argv[0]);
    return 2;
}
