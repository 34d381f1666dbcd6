/* The service's description, made of its tables: OpenAPI 3.1, and its flows as Mermaid state diagrams. */
#ifndef BACKROOM_OPENAPI_H
#define BACKROOM_OPENAPI_H

struct service;
struct work;

int openapi_get(struct work *w);
void openapi_print(const struct service *s);
void flows_print(const struct service *s);

#endif
