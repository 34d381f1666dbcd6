#include "cursor.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "field.h"
#include "hex.h"
#include "work.h"

enum { MAC = 16 };

static char secret_key[128];

void cursor_secret(const char *secret)
{
    strncpy(secret_key, secret, sizeof secret_key - 1);
}

static void mac_of(struct work *w, const char *query, const char *json, char out[2 * MAC + 1])
{
    const char *message = textf(w, "%s\n%s", query, json);
    unsigned char mac[32];

    gnutls_hmac_fast(GNUTLS_MAC_SHA256, secret_key, strlen(secret_key), message, strlen(message), mac);
    *hex_write(out, mac, MAC) = '\0';
}

const char *cursor_make(struct work *w, const char *query, const char *sort_value, const char *key)
{
    struct text json = text_new(w->arena);
    gnutls_datum_t in, out;
    char mac[2 * MAC + 1];
    const char *cursor;

    text_add(&json, "[");
    text_add_json(&json, sort_value);
    text_add(&json, ",");
    text_add_json(&json, key);
    text_add(&json, "]");
    mac_of(w, query, json.bytes, mac);
    in.data = (unsigned char *)(uintptr_t)textf(w, "%s%s", mac, json.bytes);
    in.size = (unsigned)strlen((char *)in.data);
    gnutls_base64_encode2(&in, &out);
    cursor = arena_copy(w->arena, (char *)out.data, out.size);
    gnutls_free(out.data);
    for (char *p = (char *)(uintptr_t)cursor; *p; p++) {
        if (*p == '+')
            *p = '-';
        else if (*p == '/')
            *p = '_';
        else if (*p == '=')
            *p = '\0';
    }
    return cursor;
}

static const char *decoded(struct work *w, const char *cursor)
{
    size_t n = strlen(cursor);
    struct text t = text_new(w->arena);
    gnutls_datum_t in, out;
    const char *plain;

    for (size_t i = 0; i < n; i++)
        text_add_bytes(&t, cursor[i] == '-' ? "+" : cursor[i] == '_' ? "/" : cursor + i, 1);
    while (t.length % 4)
        text_add(&t, "=");
    in.data = (unsigned char *)t.bytes;
    in.size = (unsigned)t.length;
    if (!n || gnutls_base64_decode2(&in, &out) < 0)
        return NULL;
    plain = arena_copy(w->arena, (char *)out.data, out.size);
    n = out.size;
    gnutls_free(out.data);
    return strlen(plain) == n ? plain : NULL;
}

bool cursor_read(struct work *w, const char *query, const char *cursor, const char **sort_value,
                 const char **key)
{
    const char *plain = decoded(w, cursor), *why;
    char mac[2 * MAC + 1];
    json_t *json;

    if (!plain || strlen(plain) <= 2 * MAC)
        return false;
    mac_of(w, query, plain + 2 * MAC, mac);
    if (gnutls_memcmp(mac, plain, 2 * MAC) != 0)
        return false;
    json = json_parse(plain + 2 * MAC, strlen(plain) - 2 * MAC, &why);
    if (!json)
        return false;
    json_owned(w, json);
    *sort_value = json_string_value(json_array_get(json, 0));
    *key = json_string_value(json_array_get(json, 1));
    /* base64 has several spellings of the same bytes: only ours counts. */
    return *key && strcmp(cursor_make(w, query, *sort_value, *key), cursor) == 0;
}
