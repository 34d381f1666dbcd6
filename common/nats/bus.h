/* The connection to nats-server, and the calls of JetStream's API that are about streams. JetStream is
 * transport only: every stream can be rebuilt from the event log (docs/explanation/reliability.md). Inside
 * common/ only. */
#ifndef BACKROOM_BUS_H
#define BACKROOM_BUS_H

#include <nats/nats.h>
#include <stdbool.h>
#include <stdint.h>

struct text;

/* Starts connecting: a server that is away is no failure. */
void bus_open(const char *url, const char *name);
void bus_close(void);

bool bus_connected(void);
natsConnection *bus_connection(void); /* NULL before the first attempt */
jsCtx *bus_jetstream(void);
/* Rises with every reconnect: what was known about streams and consumers must be checked again. */
unsigned long bus_generation(void);

struct stream_state {
    char epoch[32]; /* when the stream was created, in nanoseconds: another one when it is created again */
    int64_t first_seq, last_seq; /* what stood before the first has expired */
    int64_t missing;             /* so many between them are deleted */
};

/* Creates the service's stream if it is missing (subjects <service>.>), and reads its state. False when
 * JetStream does not answer, the stream is configured otherwise, or one that was there was deleted a moment
 * ago. */
bool bus_stream(const char *service, struct stream_state *state);
/* Has another service's stream all that was ever published to it? False when it is not there, or the server
 * does not answer. */
bool bus_stream_is_complete(const char *service, bool *complete);
/* "ORDERS" */
void bus_stream_name(const char *service, char name[64]);
enum held { NOT_KNOWN, HELD, NOT_HELD };
/* Is there a message at this place of the stream, and what is its Nats-Msg-Id? */
enum held bus_message(const char *service, int64_t seq, char id[64]);
/* The places of deleted messages between the first and the last, separated by commas. False when the server
 * does not answer. */
bool bus_missing(const char *service, struct text *places);

#endif
