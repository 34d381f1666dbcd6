/* Personal data to mask: the result is JSON and has no street. */
#include "masking.h"

#include "field.h"
#include "fuzz.h"
#include "work.h"

static void look_at(const json_t *before, const json_t *after)
{
    const char *street = json_string_value(json_object_get(before, "street"));

    MUST(after);
    if (street)
        MUST(!strcmp(json_string_value(json_object_get(after, "street")), "***"));
    if (json_is_number(json_object_get(before, "phone")))
        MUST(!strcmp(json_string_value(json_object_get(after, "phone")), "***"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct work w;
    json_t *before, *after;

    work_begin(&w, REQUEST, "fuzz");
    before = json_loadb((const char *)bytes, length, 0, NULL);
    if (before) {
        after = json_loads(mask_personal(&w, json_text(&w, before)), JSON_DECODE_ANY, NULL);
        look_at(before, after);
        json_decref(after);
    }
    mask_personal(&w, text_of(&w, bytes, length));
    json_decref(before);
    work_end(&w);
    return 0;
}
