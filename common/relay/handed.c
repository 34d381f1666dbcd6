#include "handed.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "relay_queries.h"
#include "work.h"

/* The row and behind it its texts. */
struct handed {
    struct handed *next;
    struct event_unpublished_row row;
    char texts[];
};

static struct {
    pthread_mutex_t lock;
    bool open;
    struct handed *first, **last;
    size_t count;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .last = &queue.first};

static struct handed *empty(void)
{
    struct handed *all = queue.first;

    queue.first = NULL;
    queue.last = &queue.first;
    queue.count = 0;
    return all;
}

void handed_open(bool open)
{
    struct handed *dropped = NULL, *next;

    pthread_mutex_lock(&queue.lock);
    queue.open = open;
    if (!open)
        dropped = empty();
    pthread_mutex_unlock(&queue.lock);
    for (; dropped; dropped = next) {
        next = dropped->next;
        free(dropped);
    }
}

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static const char *copy(char **to, const char *text)
{
    char *at = *to;

    if (!text)
        return NULL;
    *to = stpcpy(at, text) + 1;
    return at;
}

static struct handed *copy_of(const struct event_unpublished_row *e)
{
    size_t texts = size_of(e->no) + size_of(e->id) + size_of(e->type) + size_of(e->aggregate) +
                   size_of(e->aggregate_id) + size_of(e->version) + size_of(e->at) + size_of(e->actor) +
                   size_of(e->trace) + size_of(e->data) + size_of(e->private);
    struct handed *h = malloc(sizeof *h + texts);
    char *at = h->texts;

    h->next = NULL;
    h->row = (struct event_unpublished_row){
        .no = copy(&at, e->no),
        .id = copy(&at, e->id),
        .type = copy(&at, e->type),
        .aggregate = copy(&at, e->aggregate),
        .aggregate_id = copy(&at, e->aggregate_id),
        .version = copy(&at, e->version),
        .at = copy(&at, e->at),
        .actor = copy(&at, e->actor),
        .trace = copy(&at, e->trace),
        .data = copy(&at, e->data),
        .private = copy(&at, e->private),
    };
    return h;
}

bool handed_give(const struct event_unpublished_row *row)
{
    struct handed *h = copy_of(row);
    bool taken;

    pthread_mutex_lock(&queue.lock);
    taken = queue.open && queue.count < HANDED_MAX;
    if (taken) {
        *queue.last = h;
        queue.last = &h->next;
        queue.count++;
    }
    pthread_mutex_unlock(&queue.lock);
    if (!taken)
        free(h);
    return taken;
}

bool handed_any(void)
{
    bool any;

    pthread_mutex_lock(&queue.lock);
    any = queue.count > 0;
    pthread_mutex_unlock(&queue.lock);
    return any;
}

size_t handed_take(struct work *w, struct event_unpublished_row *rows)
{
    struct handed *h;
    size_t n = 0;

    pthread_mutex_lock(&queue.lock);
    h = empty();
    pthread_mutex_unlock(&queue.lock);
    for (; h; h = h->next) {
        rows[n++] = h->row;
        arena_owns(w->arena, h, free);
    }
    return n;
}
