/* Import of orders (O-13): open orders of platforms, and history with its original times. */
#ifndef BACKROOM_ORDER_IMPORT_H
#define BACKROOM_ORDER_IMPORT_H

struct batch;
struct work;

/* Handler of the kind "orders". */
int orders_import(struct work *w, struct batch *b);

#endif
