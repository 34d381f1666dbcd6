/* All routes of a service: its own rows, those of its resources, and those that every service has. */
#ifndef BACKROOM_ROUTES_H
#define BACKROOM_ROUTES_H

#include <stdbool.h>

struct route;

/* Once, before serving and after model_open(). */
void routes_bind(const struct route *rows, bool imports);

#endif
