/* Who calls, and whether he may, and not too often. */
#ifndef BACKROOM_AUTHENTICATE_H
#define BACKROOM_AUTHENTICATE_H

struct work;

/* The caller's token, scope and, on a route that is open to everybody, how often the address calls. */
int authenticate(struct work *w);
/* After the work: whoever asks for what is not there, without a token, may be guessing. */
void count_wrong_link(struct work *w);

#endif
