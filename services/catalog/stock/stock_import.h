/* Stock movements in bulk (C-7, C-9): an opening stock, a count, what was written off. */
#ifndef BACKROOM_STOCK_IMPORT_H
#define BACKROOM_STOCK_IMPORT_H

struct batch;
struct work;

int stock_import(struct work *w, struct batch *b);

#endif
