/* What the service says and hears, made of its event schemas (events/<aggregate>.json) and its consumers: AsyncAPI 3.0. */
#ifndef BACKROOM_ASYNCAPI_H
#define BACKROOM_ASYNCAPI_H

struct service;
struct work;

int asyncapi_get(struct work *w);
void asyncapi_print(const struct service *s);

#endif
