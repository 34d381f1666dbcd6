/* A cron line matched with any minute. */
#include "schedule.h"

#include "fuzz.h"
#include "work.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct work w;

    if (length < 5)
        return 0;
    work_begin(&w, JOB, "fuzz");
    schedule_matches(text_of(&w, bytes + 5, length - 5), bytes[0] % 60, bytes[1] % 24, 1 + bytes[2] % 31,
                     1 + bytes[3] % 12, bytes[4] % 7);
    work_end(&w);
    return 0;
}
