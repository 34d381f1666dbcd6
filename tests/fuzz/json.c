/* A body: parsed and checked against a field of every type; the problem is always valid JSON. */
#include "field.h"
#include "fuzz.h"
#include "request.h"
#include "response.h"
#include "work.h"

static const struct field inner[] = {{"sku", CODE, REQUIRED}, {"quantity", QUANTITY}, {"price", MONEY}, {0}};

static const struct field fields[] = {
    {"text", TEXT, OPTIONAL, 1, 10},
    {"code", CODE},
    {"n", INTEGER, OPTIONAL, -5, 5},
    {"currency", CURRENCY},
    {"yes", BOOLEAN},
    {"id", UUID},
    {"at", TIME},
    {"day", DAY},
    {"any", OBJECT},
    {"one", OBJECT, .fields = inner},
    {"list", LIST, OPTIONAL, 1, 3, inner},
    {"texts", TEXTS, OPTIONAL, 0, 3},
    {"kind", TEXT, REQUIRED, .choices = "low|high"},
    {0},
};

/* What was let through goes to PostgreSQL as it is: digits are where digits belong. */
static void look_at_time(const json_t *in)
{
    const char *s = json_string_value(json_object_get(in, "at"));

    for (int i = 0; s && i < 19; i++)
        MUST(strchr("-T:t", s[i]) ? i == 4 || i == 7 || i == 10 || i == 13 || i == 16
                                  : s[i] >= '0' && s[i] <= '9');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct request r = {0};
    const char *why;
    struct work w;
    json_t *in, *problem;

    work_begin(&w, REQUEST, "fuzz");
    w.request = &r;
    in = json_parse((const char *)bytes, length, &why);
    MUST(in || why);
    if (in && json_is_object(in)) {
        field_check(&w, in, fields, false);
        if (!w.error_count)
            look_at_time(in);
        failed_if_any(&w, "body.invalid", "faults");
        problem = json_loads(w.fault ? response_problem(&w) : "{}", JSON_REJECT_DUPLICATES, NULL);
        MUST(problem);
        json_decref(problem);
    }
    json_decref(in);
    work_end(&w);
    return 0;
}
