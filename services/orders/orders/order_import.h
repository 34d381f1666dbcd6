/* Orders in bulk (O-13): those of platforms that are still to be dealt with, and history with its original times. */
#ifndef BACKROOM_ORDER_IMPORT_H
#define BACKROOM_ORDER_IMPORT_H

struct batch;
struct work;

int orders_import(struct work *w, struct batch *b);

#endif
