/*
 * Sends requests to 127.0.0.1: the next one after each response (closed loop), or at a fixed rate whether responses come
 * or not (open loop), as customers do. wrk has only the first.
 *
 *   open_loop PORT closed CONNECTIONS SECONDS FILE…     open_loop PORT open PER_SECOND SECONDS FILE…
 *
 * Each FILE is one whole request; they are sent in turn, every @@@@@@@@@@@@@@@@ replaced by a unique number. Prints one line
 * per second: second, sent, 2xx within GOOD_MS, 2xx later, 503, 503 without Retry-After, any other response, not sent (no
 * free connection), and the median and 99th percentile in milliseconds of the 2xx and of the 503.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 2000,
    FILES_MAX = 16,
    SECONDS_MAX = 600,
    KEPT = 20000,
    ROOM = 64 * 1024,
    GOOD_MS = 1000,
    MARK = 16
};

struct link {
    int fd;
    bool busy;
    int64_t since;
    size_t got;
    char answer[ROOM];
};

struct second {
    int sent, good, late, refused, no_retry_after, other, unsent;
    int64_t good_us[KEPT / 10], refused_us[KEPT / 10];
};

static struct link *links[CONNECTIONS_MAX];
static struct link *idle[CONNECTIONS_MAX];
static int link_count, idle_count, poller, port, most;
static struct second *seconds, *now_second;
static char *files[FILES_MAX];
static size_t lengths[FILES_MAX];
static int file_count;
static uint64_t number;

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(ROOM);

    if (!file) {
        perror(path);
        exit(2);
    }
    *length = fread(bytes, 1, ROOM - 1, file);
    bytes[*length] = '\0';
    fclose(file);
    return bytes;
}

static void connect_link(struct link *l)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int one = 1;

    l->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(l->fd, (struct sockaddr *)&to, sizeof to) != 0) {
        perror("connect");
        exit(2);
    }
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(l->fd, F_SETFL, O_NONBLOCK);
    epoll_ctl(poller, EPOLL_CTL_ADD, l->fd, &(struct epoll_event){.events = EPOLLIN, .data.ptr = l});
}

static struct link *free_link(void)
{
    struct link *l;

    if (idle_count > 0)
        return idle[--idle_count];
    if (link_count == most)
        return NULL;
    l = links[link_count++] = calloc(1, sizeof *l);
    connect_link(l);
    return l;
}

/* Requests are small: what the socket does not take at once counts as an error of the measuring. */
static void send_one(struct link *l)
{
    char text[ROOM], unique[MARK + 1];
    int file = (int)(number++ % (uint64_t)file_count);

    memcpy(text, files[file], lengths[file] + 1);
    snprintf(unique, sizeof unique, "%016llx", (unsigned long long)number);
    for (char *at = text; (at = strstr(at, "@@@@@@@@@@@@@@@@"));)
        memcpy(at, unique, MARK);
    l->busy = true;
    l->since = now_us();
    l->got = 0;
    now_second->sent++;
    if (write(l->fd, text, lengths[file]) != (ssize_t)lengths[file]) {
        perror("write");
        exit(2);
    }
}

static bool is_whole(const struct link *l)
{
    const char *end = strstr(l->answer, "\r\n\r\n"), *length = strcasestr(l->answer, "\r\nContent-Length:");

    return end && length && length < end &&
           (size_t)(end + 4 - l->answer) + strtoul(length + 17, NULL, 10) <= l->got;
}

static void count(const struct link *l)
{
    int status = atoi(l->answer + 9);
    int64_t took = now_us() - l->since;

    if (status / 100 == 2 && took <= GOOD_MS * 1000) {
        now_second->good_us[now_second->good % (KEPT / 10)] = took;
        now_second->good++;
    } else if (status / 100 == 2) {
        now_second->late++;
    } else if (status == 503) {
        now_second->refused_us[now_second->refused % (KEPT / 10)] = took;
        now_second->refused++;
        now_second->no_retry_after += !strcasestr(l->answer, "\r\nRetry-After:");
    } else {
        now_second->other++;
        fprintf(stderr, "%.400s\n", l->answer);
    }
}

static void take(struct link *l)
{
    ssize_t n = read(l->fd, l->answer + l->got, ROOM - 1 - l->got);

    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) { /* closed: as an error if somebody waits for it */
        now_second->other += l->busy;
        close(l->fd);
        connect_link(l);
    } else {
        l->got += (size_t)n;
        l->answer[l->got] = '\0';
        if (!l->busy || !is_whole(l))
            return;
        count(l);
    }
    if (l->busy)
        idle[idle_count++] = l;
    l->busy = false;
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return left < right ? -1 : left > right;
}

static double part(int64_t *us, int n, double share)
{
    n = n < KEPT / 10 ? n : KEPT / 10;
    qsort(us, (size_t)n, sizeof *us, by_size);
    return n ? (double)us[(int)(share * (n - 1))] / 1000 : 0;
}

static void tell(int i)
{
    struct second *s = &seconds[i];

    printf("%d %d %d %d %d %d %d %d %.1f %.1f %.1f %.1f\n", i, s->sent, s->good, s->late, s->refused,
           s->no_retry_after, s->other, s->unsent, part(s->good_us, s->good, 0.5),
           part(s->good_us, s->good, 0.99), part(s->refused_us, s->refused, 0.5),
           part(s->refused_us, s->refused, 0.99));
}

static void run(bool open, double rate, int duration)
{
    int64_t began = now_us(), end = began + (int64_t)duration * 1000000, next = began, now;
    struct epoll_event events[256];

    while ((now = now_us()) < end) {
        now_second = &seconds[(now - began) / 1000000];
        while (open ? next <= now : idle_count > 0 || link_count < most) {
            struct link *l = free_link();

            if (l)
                send_one(l);
            else
                now_second->unsent++;
            next += (int64_t)(1e6 / rate);
        }
        int n = epoll_wait(poller, events, 256, open ? 1 : 50);

        for (int i = 0; i < n; i++)
            take(events[i].data.ptr);
    }
}

int main(int argc, char **argv)
{
    bool open = argc > 5 && strcmp(argv[2], "open") == 0;
    int duration = argc > 5 ? atoi(argv[4]) : 0;

    if (duration < 1 || duration > SECONDS_MAX || argc - 5 > FILES_MAX) {
        fprintf(stderr, "usage: offer PORT closed|open CONNECTIONS|PER_SECOND SECONDS FILE...\n");
        return 2;
    }
    port = atoi(argv[1]);
    most = open ? CONNECTIONS_MAX : atoi(argv[3]);
    number = (uint64_t)now_us() << 16;
    for (int i = 5; i < argc; i++, file_count++)
        files[file_count] = read_file(argv[i], &lengths[file_count]);
    seconds = calloc((size_t)duration + 1, sizeof *seconds);
    poller = epoll_create1(0);
    run(open, atof(argv[3]), duration);
    for (int i = 0; i < duration; i++)
        tell(i);
    return 0;
}
