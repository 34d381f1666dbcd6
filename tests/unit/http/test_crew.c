/* The threads that do what may have to wait. */
#include "crew.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <unistd.h>

#include "clock.h"
#include "test.h"

enum { MOST = 8, MANY = 2000, PATIENCE_MS = 5000 };

static atomic_int at_once, most_at_once, done;
static sem_t go;

static void count(struct task *me)
{
    (void)me;
    atomic_fetch_add(&done, 1);
}

static void wait_for_go(struct task *me)
{
    int now = atomic_fetch_add(&at_once, 1) + 1, most = atomic_load(&most_at_once);

    while (now > most && !atomic_compare_exchange_weak(&most_at_once, &most, now))
        ;
    sem_wait(&go);
    atomic_fetch_sub(&at_once, 1);
    count(me);
}

static bool soon(atomic_int *value, int wanted)
{
    int64_t until = clock_ms() + PATIENCE_MS;

    while (atomic_load(value) != wanted && clock_ms() < until)
        usleep(1000);
    return atomic_load(value) == wanted;
}

TEST(crew, "as many at once as may be, nothing is forgotten, and what is still to do is done before the end")
{
    static struct task waiting[2 * MOST], quick[MANY];

    sem_init(&go, 0, 0);
    CHECK(crew_start(MOST));
    for (int i = 0; i < 2 * MOST; i++) {
        waiting[i].run = wait_for_go;
        crew_do(&waiting[i]);
    }
    CHECK(soon(&at_once, MOST));
    CHECK(atomic_load(&done) == 0);
    for (int i = 0; i < 2 * MOST; i++)
        sem_post(&go);
    CHECK(soon(&done, 2 * MOST));
    CHECK(atomic_load(&most_at_once) == MOST);
    for (int i = 0; i < MANY; i++) {
        quick[i].run = count;
        crew_do(&quick[i]);
    }
    crew_stop();
    CHECK(atomic_load(&done) == 2 * MOST + MANY);
}
