/* GET /v1/work lists the open work of the caller's roles by deadline. Each service's view work_json has
 * id, role, due_at and doc. */
#ifndef BACKROOM_WORKLIST_H
#define BACKROOM_WORKLIST_H

#include "field.h"

struct work;

extern const struct field worklist_fields[];
int worklist_get(struct work *w);

#endif
