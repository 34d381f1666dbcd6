/* Who calls, and whether he may, and not too often. */
#ifndef BACKROOM_CALLER_H
#define BACKROOM_CALLER_H

struct work;

/* The caller's token, scope and, on a route that is open to everybody, how often the address calls. */
int caller_check(struct work *w);
/* After the work: whoever asks for what is not there, without a token, may be guessing. */
void caller_found(struct work *w);

#endif
