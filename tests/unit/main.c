#include <stdlib.h>

#include "test.h"

static struct test *first;
static int failures;

void test_register(struct test *t)
{
    t->next = first;
    first = t;
}

void test_failed(const char *file, int line, const char *what)
{
    failures++;
    printf("%s:%d: %s\n", file, line, what);
}

/* Runs the tests whose sentence or file contains the argument; all without one. */
int main(int argc, char **argv)
{
    int passed = 0, failed = 0;

    for (struct test *t = first; t; t = t->next) {
        int before = failures;

        if (argc > 1 && !strstr(t->sentence, argv[1]) && !strstr(t->file, argv[1]))
            continue;
        t->body();
        if (failures == before) {
            passed++;
        } else {
            failed++;
            printf("FAILED: %s\n", t->sentence);
        }
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed ? EXIT_FAILURE : EXIT_SUCCESS;
}
