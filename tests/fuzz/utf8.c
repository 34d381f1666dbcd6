/* UTF-8: the same result as from jansson. */
#include "utf8.h"

#include <jansson.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    json_t *theirs = json_stringn((const char *)bytes, length);

    MUST(utf8_valid((const char *)bytes, length) == (theirs != NULL));
    json_decref(theirs);
    return 0;
}
