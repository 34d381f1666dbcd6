/* The OpenAPI 3.1 description of the service, generated from its tables. */
#ifndef BACKROOM_OPENAPI_H
#define BACKROOM_OPENAPI_H

struct work;

/* The title of the description. Once, at start. */
void openapi_open(const char *service);
int openapi_get(struct work *w);
void openapi_print(void);

#endif
