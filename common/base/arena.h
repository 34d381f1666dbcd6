/* Memory arena of a unit of work: allocations are freed together at its end. */
#ifndef BACKROOM_ARENA_H
#define BACKROOM_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);

/* Zeroed memory that lives as long as the arena. Never NULL: the process ends when memory is out. */
void *arena_alloc(struct arena *a, size_t size);
char *arena_copy(struct arena *a, const char *s, size_t length);
char *arena_format(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vformat(struct arena *a, const char *format, va_list args);

/* Hand a thing to the arena: release(thing) is called when the arena is freed. Returns thing. */
void *arena_owns(struct arena *a, void *thing, void (*release)(void *));

/* A text that grows in an arena. Always NUL-terminated. */
struct text {
    struct arena *arena;
    char *bytes;
    size_t length, room;
};

struct text text_new(struct arena *a);
void text_add(struct text *t, const char *s);
void text_add_bytes(struct text *t, const char *s, size_t length);
void text_addf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Add s as a JSON string with its quotes; NULL becomes null. s must be UTF-8. */
void text_add_json(struct text *t, const char *s);

#endif
