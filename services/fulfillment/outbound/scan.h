/* Scan-out verification (F-6): every unit is scanned, every attempt is recorded, and there is no override. */
#ifndef BACKROOM_FULFILLMENT_SCAN_H
#define BACKROOM_FULFILLMENT_SCAN_H

#include "work.h"

/* Why a scan is refused: its result, and whether it opens an exception of that kind. */
struct refusal {
    const char *result, *code;
    bool exception;
    const char *detail;
};

/* Judge a scan of so many units by the shipment's status and the line that has the barcode (on_list), with
 * the units that it needs and has. NULL if the scan is right. */
const struct refusal *scan_judge(const char *status, bool on_list, int64_t needed, int64_t has,
                                 int64_t units);

/* POST /v1/shipments/{shipment_id}/scans */
int scan_out(struct work *w);

#endif
