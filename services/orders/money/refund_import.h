/* Import of refunds (O-8, O-13), whose orders are named by channel and reference. */
#ifndef BACKROOM_REFUND_IMPORT_H
#define BACKROOM_REFUND_IMPORT_H

struct batch;
struct work;

/* Handler of the kind "refunds". */
int refunds_import(struct work *w, struct batch *b);

#endif
