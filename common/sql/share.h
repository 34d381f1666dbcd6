/*
 * Short reads of many requests, carried together: what is asked while PostgreSQL answers travels as one party when it has
 * answered, in one pipeline, those who ask for the same by another key in one statement. As many round trips and switches
 * of process for many as for one; who asks alone, travels at once. One thread carries: the HTTP side's loop, which waits
 * for PostgreSQL as it waits for its clients. docs/adr/0012-reads-travel-together.md.
 */
#ifndef BACKROOM_SHARE_H
#define BACKROOM_SHARE_H

#include <stdint.h>

struct pg_result;
struct pollfd;
struct query;
struct work;

/* What somebody asks: it is lent until he is told. */
struct question {
    const struct query *by_key;  /* a row by its key */
    const struct query *by_keys; /* the same for an array of keys: several who ask so share it */
    int key_column;              /* of its rows: which of them is whose */
    const char *key;
};

/* Rows that several may look at; release: share_release(). */
struct shared_rows {
    struct pg_result *result;
    int readers;
};

enum shared {
    ANSWERED, /* *rows is to be released; the answer begins at *row */
    ALONE, /* something failed, or no row has your key: ask again by yourself, to hear whether it was yours */
    LOST,  /* the server did not answer, or too many ask */
};

/* Somebody who asks. */
struct wish {
    struct question question;
    struct work *work;             /* whose it is */
    void (*told)(struct wish *me); /* with what follows filled in; must not wait */
    enum shared outcome;
    struct shared_rows *rows;
    int row;
    struct wish *next, *mate; /* the carrier's: in line, and those whose keys travel in his statement */
    int64_t since;
};

/* One thread carries; all of this is for it alone. `wake` wakes it up from another. */
void share_open(void (*wake)(void));
void share_ask(struct wish *wish);
/* What it is to wait for besides its own business, and how long at most, in milliseconds. */
void share_polls(struct pollfd *fd);
int share_pause(int at_most);
/* After waiting: what was answered is told, and what was asked meanwhile is sent. */
void share_carry(short revents);
/* Send what was asked since, if nothing is under way. */
void share_send(void);
void share_close(void);

/* From whatever thread. */
void share_release(void *shared_rows);

#endif
