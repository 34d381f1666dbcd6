/* Products in bulk (C-7), also such as were on sale elsewhere already. */
#ifndef BACKROOM_PRODUCT_IMPORT_H
#define BACKROOM_PRODUCT_IMPORT_H

struct batch;
struct work;

int products_import(struct work *w, struct batch *b);

#endif
