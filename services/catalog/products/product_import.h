/* Import of products (C-7), also of those that are on sale already. */
#ifndef BACKROOM_PRODUCT_IMPORT_H
#define BACKROOM_PRODUCT_IMPORT_H

struct batch;
struct work;

/* Handler of the kind "products". */
int products_import(struct work *w, struct batch *b);

#endif
