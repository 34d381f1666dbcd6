/* The connection to nats-server and what we need of JetStream. Transport only: every stream can be rebuilt from the
 * event logs (reliability.md, A). Inside common/ only. */
#ifndef BACKROOM_BUS_H
#define BACKROOM_BUS_H

#include <nats/nats.h>
#include <stdbool.h>
#include <stdint.h>

struct text;

/* Start connecting; never fails for a server that is away. */
void bus_open(const char *url, const char *name);
void bus_close(void);

bool bus_connected(void);
natsConnection *bus_connection(void); /* NULL before the first attempt */
jsCtx *bus_jetstream(void);
/* Rises with every reconnect: what was known of streams and consumers must be looked at again. */
unsigned long bus_generation(void);

struct stream_state {
    char epoch[32]; /* when the stream was created, in nanoseconds: changes when it is made anew */
    int64_t first_seq, last_seq; /* what came before the first has expired */
    int64_t missing;             /* so many between them are gone */
};

/* Create the service's stream if it is missing (subjects <service>.>), and tell its state. False when JetStream
 * does not answer, the stream is configured otherwise, or one that was there has gone a moment ago. */
bool bus_stream(const char *service, struct stream_state *state);
/* "ORDERS" */
void bus_stream_name(const char *service, char name[64]);
/* Is there a message at this place of the stream, and what is its Nats-Msg-Id? */
enum held { NOT_KNOWN, HELD, NOT_HELD } bus_message(const char *service, int64_t seq, char id[64]);
/* The places between the first and the last that are empty, separated by commas. False when the server does not answer. */
bool bus_missing(const char *service, struct text *places);

#endif
