#include "random.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "hex.h"

enum { POOL = 4096 };

/* Reads a few KiB of kernel randomness at a time: one system call for many ids. */
static void random_bytes(unsigned char *out, size_t n)
{
    static _Thread_local unsigned char pool[POOL];
    static _Thread_local size_t left;

    for (size_t i = 0; i < n; i++) {
        if (!left) {
            if (getrandom(pool, sizeof pool, 0) != (ssize_t)sizeof pool)
                abort();
            left = sizeof pool;
        }
        out[i] = pool[--left];
        pool[left] = 0;
    }
}

const char *random_hex(struct arena *a, size_t n)
{
    unsigned char *bytes = arena_alloc(a, n);
    char *out = arena_alloc(a, 2 * n + 1);

    random_bytes(bytes, n);
    hex_write(out, bytes, n);
    return out;
}

const char *random_base64url(struct arena *a, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t length = (n * 8 + 5) / 6;
    unsigned char *bytes = arena_alloc(a, length);
    char *out = arena_alloc(a, length + 1);

    random_bytes(bytes, length);
    for (size_t i = 0; i < length; i++)
        out[i] = digits[bytes[i] & 63];
    return out;
}

const char *random_uuid_v7(struct arena *a)
{
    unsigned char b[16];
    struct timespec now;
    uint64_t ms;
    char *out = arena_alloc(a, 37), *p = out;

    random_bytes(b, sizeof b);
    clock_gettime(CLOCK_REALTIME, &now);
    ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    for (int i = 0; i < 6; i++)
        b[i] = (unsigned char)(ms >> (40 - 8 * i));
    b[6] = (unsigned char)(0x70 | (b[6] & 0x0f));
    b[8] = (unsigned char)(0x80 | (b[8] & 0x3f));
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        p = hex_write(p, b + i, 1);
    }
    return out;
}

unsigned random_below(unsigned limit)
{
    uint32_t n;

    random_bytes((unsigned char *)&n, sizeof n);
    return limit ? n % limit : 0;
}
