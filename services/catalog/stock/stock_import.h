/* Import of stock movements (C-7, C-9): an opening stock, a count, a write-off. */
#ifndef BACKROOM_STOCK_IMPORT_H
#define BACKROOM_STOCK_IMPORT_H

struct batch;
struct work;

/* Handler of the kind "stock". */
int stock_import(struct work *w, struct batch *b);

#endif
