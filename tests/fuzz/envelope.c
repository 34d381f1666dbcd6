/* A delivered event: well-formed with all its parts, or refused with a reason. */
#include "envelope.h"

#include "field.h"
#include "fuzz.h"
#include "work.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const char *why = NULL;
    struct work w;
    json_t *e;

    work_begin(&w, DELIVERY, "fuzz");
    e = envelope_read(&w, (const char *)bytes, length, 7, &why);
    MUST(e || why);
    if (e) {
        MUST(json_integer_value(json_object_get(e, "n")) == 7);
        MUST(field_text_fits(UUID, json_string_value(json_object_get(e, "id"))));
        MUST(json_is_string(json_object_get(e, "aggregate_id")) &&
             json_is_object(json_object_get(e, "data")));
        MUST(json_integer_value(json_object_get(e, "version")) >= 1);
        MUST(json_integer_value(json_object_get(e, "version")) <= INT32_MAX);
        MUST(json_text(&w, e));
    }
    work_end(&w);
    return 0;
}
