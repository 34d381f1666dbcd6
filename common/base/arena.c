#include "arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 8 * 1024, ALIGNMENT = 16 };

struct block {
    struct block *next;
    size_t used, size;
    _Alignas(ALIGNMENT) char bytes[];
};

struct owned {
    struct owned *next;
    void *thing;
    void (*release)(void *);
};

struct arena {
    struct block *blocks;
    struct owned *owned;
};

static void *must(void *memory)
{
    if (!memory) {
        fputs("{\"level\":\"fatal\",\"message\":\"out of memory\"}\n", stderr);
        abort();
    }
    return memory;
}

static struct block *block_new(size_t size, struct block *next)
{
    struct block *b = must(calloc(1, sizeof *b + size));

    b->size = size;
    b->next = next;
    return b;
}

struct arena *arena_new(void)
{
    struct arena *a = must(calloc(1, sizeof *a));

    a->blocks = block_new(FIRST_BLOCK, NULL);
    return a;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    for (struct owned *o = a->owned; o; o = o->next)
        o->release(o->thing);
    for (struct block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(a);
}

void *arena_alloc(struct arena *a, size_t size)
{
    struct block *b = a->blocks;
    void *memory;

    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (b->used + size > b->size) {
        size_t wanted = b->size * 2 > size ? b->size * 2 : size * 2;

        b = a->blocks = block_new(wanted, b);
    }
    memory = b->bytes + b->used;
    b->used += size;
    return memory;
}

char *arena_copy(struct arena *a, const char *s, size_t length)
{
    char *copy = arena_alloc(a, length + 1);

    memcpy(copy, s, length);
    return copy;
}

/* Written where there is room, once. What does not fit there goes into a block of its own: then no caller
 * returns for the rest of this one, which is not clear any more. */
char *arena_vformat(struct arena *a, const char *format, va_list args)
{
    char *at = a->blocks->bytes + a->blocks->used, *s;
    va_list again;
    int n;

    va_copy(again, args);
    n = vsnprintf(at, a->blocks->size - a->blocks->used, format, args);
    s = arena_alloc(a, (size_t)n + 1);
    if (s != at)
        vsnprintf(s, (size_t)n + 1, format, again);
    va_end(again);
    return s;
}

char *arena_format(struct arena *a, const char *format, ...)
{
    va_list args;
    char *s;

    va_start(args, format);
    s = arena_vformat(a, format, args);
    va_end(args);
    return s;
}

void *arena_owns(struct arena *a, void *thing, void (*release)(void *))
{
    struct owned *o = arena_alloc(a, sizeof *o);

    *o = (struct owned){a->owned, thing, release};
    a->owned = o;
    return thing;
}

struct text text_new(struct arena *a)
{
    struct text t = {a, arena_alloc(a, 256), 0, 256};

    return t;
}

void text_add_bytes(struct text *t, const char *s, size_t length)
{
    if (t->length + length + 1 > t->room) {
        size_t room = (t->length + length + 1) * 2;
        char *bytes = arena_alloc(t->arena, room);

        memcpy(bytes, t->bytes, t->length);
        t->bytes = bytes;
        t->room = room;
    }
    memcpy(t->bytes + t->length, s, length);
    t->length += length;
    t->bytes[t->length] = '\0';
}

void text_add(struct text *t, const char *s)
{
    text_add_bytes(t, s, strlen(s));
}

void text_addf(struct text *t, const char *format, ...)
{
    size_t room = t->room - t->length;
    va_list args, again;
    int n;

    va_start(args, format);
    va_copy(again, args);
    n = vsnprintf(t->bytes + t->length, room, format, args);
    if ((size_t)n < room)
        t->length += (size_t)n;
    else
        text_add(t, arena_vformat(t->arena, format, again));
    va_end(again);
    va_end(args);
}

void text_add_json(struct text *t, const char *s)
{
    if (!s) {
        text_add(t, "null");
        return;
    }
    text_add_bytes(t, "\"", 1);
    for (const char *p = s; *p; p++) {
        unsigned char c = (unsigned char)*p;

        if (c == '"' || c == '\\')
            text_add_bytes(t, c == '"' ? "\\\"" : "\\\\", 2);
        else if (c < 0x20)
            text_addf(t, "\\u%04x", c);
        else
            text_add_bytes(t, p, 1);
    }
    text_add_bytes(t, "\"", 1);
}
