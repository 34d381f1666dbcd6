/* Scan-out verification (F-6): every unit is scanned, every attempt is kept, nothing can be forced. */
#ifndef BACKROOM_SCAN_H
#define BACKROOM_SCAN_H

#include "work.h"

/* A scan that is not right: its result in the evidence, and whether it opens an exception of that kind. */
struct refusal {
    const char *result, *code;
    bool exception;
    const char *detail;
};

/* Judge a scan of so many units: the shipment's status, and the line that the barcode stands for (on_list) with what
 * it needs and has. NULL when it is right. */
const struct refusal *scan_judge(const char *status, bool on_list, int64_t needed, int64_t has,
                                 int64_t units);

/* POST /v1/shipments/{shipment_id}/scans */
int scan_out(struct work *w);

#endif
