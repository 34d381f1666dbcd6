/* Validates a request's path variables, query string and body against the fields of its route. */
#ifndef BACKROOM_VALIDATE_H
#define BACKROOM_VALIDATE_H

struct work;

/* Read and check it, so that w->in is valid; else fail with every fault of the query string or body named. */
int validate(struct work *w);

#endif
