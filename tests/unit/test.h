/* The unit tests' runner: rules without a database. A test's name is a sentence.
 *
 *     TEST(a_cart_of_two_lines_is_summed, "a cart of two lines is summed")
 *     {
 *         CHECK(total == 500);
 *     }
 */
#ifndef BACKROOM_TEST_H
#define BACKROOM_TEST_H

#include <stdio.h>
#include <string.h>

struct test {
    struct test *next;
    const char *sentence, *file;
    void (*body)(void);
};

void test_register(struct test *t);
void test_failed(const char *file, int line, const char *what);

#define TEST(name, sentence_)                                                                                \
    static void name(void);                                                                                  \
    static struct test name##_test = {NULL, sentence_, __FILE__, name};                                      \
    __attribute__((constructor)) static void name##_register(void)                                           \
    {                                                                                                        \
        test_register(&name##_test);                                                                         \
    }                                                                                                        \
    static void name(void)

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            test_failed(__FILE__, __LINE__, #condition);                                                     \
    } while (0)

#define CHECK_TEXT(is, should)                                                                               \
    do {                                                                                                     \
        const char *is_ = (is), *should_ = (should);                                                         \
        if (!is_ || strcmp(is_, should_) != 0)                                                               \
            test_failed(__FILE__, __LINE__, is_ ? is_ : "(null)");                                           \
    } while (0)

#endif
