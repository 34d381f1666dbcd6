/* Threads for what may have to wait: as many as there are such tasks at once, and few when there are few. */
#ifndef BACKROOM_CREW_H
#define BACKROOM_CREW_H

#include <stdbool.h>

/* Lent until it runs. */
struct task {
    void (*run)(struct task *me);
    struct task *next;
};

/* At most so many at once; what comes then waits for one of them. False without a single thread. */
bool crew_start(int most);
void crew_do(struct task *task);
/* Done with what is still to do. */
void crew_stop(void);

#endif
