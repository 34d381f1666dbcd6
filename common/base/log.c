#include "log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"

enum { RARELY_MS = 5000, RARE_EVENTS = 32 };

static struct {
    const char *service, *instance;
} who = {"backroom", ""};

static struct {
    pthread_mutex_t lock;
    const char *event[RARE_EVENTS];
    int64_t next[RARE_EVENTS];
} rare = {.lock = PTHREAD_MUTEX_INITIALIZER};

void log_open(const char *service, const char *instance)
{
    who.service = service;
    who.instance = instance;
}

/* One write: lines of many threads never mix. A full disk must not stop the shop; the line that it cuts stands alone. */
static void put(const char *bytes, size_t length)
{
    static atomic_bool cut;
    ssize_t written;

    if (atomic_load(&cut))
        atomic_store(&cut, write(STDERR_FILENO, "\n", 1) != 1);
    written = write(STDERR_FILENO, bytes, length);
    if (written > 0 && (size_t)written < length)
        atomic_store(&cut, true);
}

static void line(const char *level, const char *trace, const char *event, const char *format, va_list args)
{
    struct arena *a = arena_new();
    struct text t = text_new(a);
    struct timespec now;
    struct tm utc;
    char at[32];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &utc);
    text_addf(&t, "{\"at\":\"%s.%03ldZ\",\"level\":\"%s\",\"service\":", at, now.tv_nsec / 1000000, level);
    text_add_json(&t, who.service);
    text_add(&t, ",\"instance\":");
    text_add_json(&t, who.instance);
    if (trace) {
        text_add(&t, ",\"trace_id\":");
        text_add_json(&t, trace);
    }
    text_add(&t, ",\"event\":");
    text_add_json(&t, event);
    text_add(&t, ",\"message\":");
    text_add_json(&t, arena_vformat(a, format, args));
    text_add(&t, "}\n");
    put(t.bytes, t.length);
    arena_free(a);
}

void log_info(const char *trace, const char *event, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    line("info", trace, event, format, args);
    va_end(args);
}

void log_error(const char *trace, const char *event, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    line("error", trace, event, format, args);
    va_end(args);
}

static int due(const char *event)
{
    int64_t now = clock_ms();
    int i = 0, is_due;

    pthread_mutex_lock(&rare.lock);
    while (i < RARE_EVENTS - 1 && rare.event[i] && strcmp(rare.event[i], event) != 0)
        i++;
    is_due = !rare.event[i] || strcmp(rare.event[i], event) != 0 || now >= rare.next[i];
    if (is_due) {
        rare.event[i] = event;
        rare.next[i] = now + RARELY_MS;
    }
    pthread_mutex_unlock(&rare.lock);
    return is_due;
}

void log_rarely(const char *event, const char *format, ...)
{
    va_list args;

    if (!due(event))
        return;
    va_start(args, format);
    line("error", NULL, event, format, args);
    va_end(args);
}
