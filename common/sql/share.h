/*
 * Short reads of many requests, carried together: what is asked while PostgreSQL answers travels as one party when it has
 * answered, in one pipeline, those who ask for the same by another key in one statement. As many round trips and switches
 * of process for many as for one; who asks alone, travels at once. One thread carries: the HTTP side's loop, which waits
 * for PostgreSQL as it waits for its clients. docs/adr/0012-reads-travel-together.md.
 */
#ifndef BACKROOM_SHARE_H
#define BACKROOM_SHARE_H

#include <stdint.h>

struct arena;
struct pg_result;
struct pollfd;
struct query;

/* What somebody asks; all of it is lent until he is told. */
struct question {
    const struct query *query;
    const char *const *values;
    const struct query
        *by_keys;   /* the same for an array of what values[0] is: several who ask so share it; or NULL */
    int key_column; /* of its rows: which of them is whose */
};

/* Rows that several may look at; release: share_release(). */
struct shared_rows {
    struct pg_result *result;
    int readers;
};

enum shared {
    ANSWERED, /* *rows is to be released; the answer begins at *row */
    ALONE, /* something failed, or no row has your key, or nobody carries: ask again by yourself, to hear whether it was yours */
    LOST,  /* the server did not answer, or too many ask */
};

/* Somebody who asks. */
struct wish {
    struct question question;
    struct arena *arena;           /* the carrier may need it */
    void (*told)(struct wish *me); /* on the carrier's thread, with what follows filled in; must not wait */
    enum shared outcome;
    struct shared_rows *rows;
    int row;
    struct wish *next, *mate; /* the carrier's: in line, and those whose keys travel in his statement */
    int64_t since;
};

/* From whatever thread. */
void share_ask(struct wish *wish);
void share_release(void *shared_rows);
/* Ask, and wait to be told. */
enum shared share_read(struct arena *arena, const struct question *question, struct shared_rows **rows,
                       int *row);

/* The carrier's: the calling thread is it from now on, `wake` wakes it up from another. */
void share_open(void (*wake)(void));
/* What it is to wait for besides its own business, and how long at most, in milliseconds. */
void share_polls(struct pollfd *fd);
int share_pause(int at_most);
/* After waiting: what was answered is told, and what was asked meanwhile is sent. */
void share_carry(short revents);
/* Send what was asked since, if nothing is under way. */
void share_send(void);
void share_close(void);

#endif
