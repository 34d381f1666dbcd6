#include "thread.h"

#include <sys/prctl.h>

void thread_set_name(const char *name)
{
    prctl(PR_SET_NAME, name);
}
