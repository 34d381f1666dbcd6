/* Refunds in bulk (O-8, O-13), of orders named by channel and reference. */
#ifndef BACKROOM_REFUND_IMPORT_H
#define BACKROOM_REFUND_IMPORT_H

struct batch;
struct work;

int refunds_import(struct work *w, struct batch *b);

#endif
